//! The real program: started, asked over a socket, stopped, killed.
mod commands;
mod durability;
mod folder;
mod imports;
mod process;
mod settings;
