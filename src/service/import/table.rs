//! A CSV file as rows of bytes: plain or gzip, whatever its size.
use crate::service::error::{Error, Result};
use csv::ByteRecord;
use flate2::read::MultiGzDecoder;
use serde::de::DeserializeOwned;
use std::{
    fs::File,
    io::{self, BufReader, Read},
    path::Path,
};

/// No line of a real file is longer; beyond it the file is not what it says.
const LONGEST_LINE: usize = 1 << 20;

/// An open file with its header read.
pub struct Table {
    reader: csv::Reader<Guard<Box<dyn Read + Send>>>,
    pub header: ByteRecord,
    record: ByteRecord,
}

impl Table {
    /// Opens a file; one that begins like gzip is unpacked on the way.
    ///
    /// # Errors
    /// If it cannot be read, or has no header.
    pub fn open(path: &Path) -> Result<Self> {
        let said = |e: io::Error| Error::Refused(format!("{}: {e}", path.display()));
        let mut file = BufReader::with_capacity(1 << 18, File::open(path).map_err(said)?);
        let magic = io::BufRead::fill_buf(&mut file).map_err(said)?;
        let packed = magic.starts_with(&[0x1f, 0x8b]);
        let bytes: Box<dyn Read + Send> =
            if packed { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .buffer_capacity(1 << 17)
            .from_reader(Guard { inner: bytes, since: 0 });
        let mut header = reader.byte_headers().map_err(|e| failed(&e))?.clone();
        if header.is_empty() || header.iter().all(<[u8]>::is_empty) {
            return Err(Error::Refused(format!("{} has no header row", path.display())));
        }
        if let Some(first) = header.get(0).and_then(|f| f.strip_prefix(b"\xef\xbb\xbf")) {
            let fields: Vec<Vec<u8>> = std::iter::once(first.to_vec())
                .chain(header.iter().skip(1).map(<[u8]>::to_vec))
                .collect();
            header = ByteRecord::from(fields);
        }
        Ok(Self { reader, header, record: ByteRecord::new() })
    }

    /// The next row, or why it cannot be used; `None` at the end.
    ///
    /// # Errors
    /// If the file itself cannot be read on.
    pub fn read(&mut self) -> Result<Option<Result<&ByteRecord, String>>> {
        if !self.reader.read_byte_record(&mut self.record).map_err(|e| failed(&e))? {
            return Ok(None);
        }
        let (have, want) = (self.record.len(), self.header.len());
        Ok(Some(if have == want {
            Ok(&self.record)
        } else {
            Err(format!("the row has {have} fields, the header {want}"))
        }))
    }

    /// The next row as a typed value, by the header's names.
    ///
    /// # Errors
    /// If the file itself cannot be read on.
    pub fn read_as<T: DeserializeOwned>(&mut self) -> Result<Option<Result<T, String>>> {
        let Some(row) = self.read()? else { return Ok(None) };
        if let Err(reason) = row {
            return Ok(Some(Err(reason)));
        }
        Ok(Some(self.record.deserialize(Some(&self.header)).map_err(|e| match e.kind() {
            csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
            _ => e.to_string(),
        })))
    }

    /// The line of the file at which the last row began.
    pub fn line(&self) -> u64 {
        self.record.position().map_or(0, csv::Position::line)
    }
    pub fn record(&self) -> &ByteRecord {
        &self.record
    }
}

fn failed(e: &csv::Error) -> Error {
    Error::Refused(format!("The file cannot be read: {e}. Nothing was imported."))
}

/// Stops at a line that has no end, before it fills the memory.
struct Guard<R> {
    inner: R,
    since: usize,
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.inner.read(buf)?;
        match buf[..n].iter().rposition(|b| *b == b'\n') {
            Some(at) => self.since = n - at,
            None => self.since += n,
        }
        if self.since > LONGEST_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than 1 MiB"));
        }
        Ok(n)
    }
}
