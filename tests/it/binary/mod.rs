//! The real program: started, asked over a socket, stopped, killed.
mod commands;
mod durability;
mod folder;
mod hostile;
mod imports;
mod nginx;
pub mod process;
mod settings;
