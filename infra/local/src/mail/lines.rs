//! Lines as SMTP has them: they end in CRLF and have a greatest length.

use std::io::Result;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _};

/// One line, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Whole(Vec<u8>),
    /// Longer than allowed; read to its end and dropped.
    TooLong,
    /// Ended by LF without CR, or with a CR inside, which RFC 5321 (2.3.8) forbids.
    Bare,
    /// The peer closed the connection; a line without an end is dropped.
    Closed,
}

/// Reads one line of at most `most` octets, its end included.
pub(super) async fn read_line(reader: &mut (impl AsyncBufRead + Unpin), most: usize) -> Result<Line> {
    let mut line = Vec::new();
    let mut length = 0;
    loop {
        let chunk = reader.fill_buf().await?;
        if chunk.is_empty() {
            return Ok(Line::Closed);
        }
        let end = chunk.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(chunk.len(), |end| end + 1);
        length += taken;
        if length <= most {
            line.extend_from_slice(&chunk[..taken]);
        }
        reader.consume(taken);
        if end.is_some() {
            return Ok(if length > most { Line::TooLong } else { whole(line) });
        }
    }
}

fn whole(mut line: Vec<u8>) -> Line {
    let ended = line.ends_with(b"\r\n");
    line.truncate(line.len().saturating_sub(2));
    if ended && !line.contains(&b'\r') { Line::Whole(line) } else { Line::Bare }
}
