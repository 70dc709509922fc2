//! As much of HTTP as the page needs: one request for each connection, of limited size and within limited time.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

/// The head and the body of a request are at most so long, in bytes.
const HEAD: usize = 8 * 1024;
const BODY: usize = 64 * 1024;

/// A visitor may take so long to send a request, and for each part of the answer to take it.
const TIME: Duration = Duration::from_secs(5);

/// A request that has arrived as a whole.
#[derive(Debug, Default)]
pub struct Request {
    pub method: String,
    /// The path, with what follows a question mark.
    pub url: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    /// The only header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().filter(|_| found.next().is_none()).map(|(_, value)| value.as_str())
    }
}

/// An answer, or a refusal.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub content: String,
}

impl Answer {
    /// The same with one more header.
    pub fn with(mut self, name: &'static str, value: &str) -> Answer {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// A sentence for people.
    pub fn text(status: u16, text: &str) -> Answer {
        let kind = ("Content-Type", "text/plain; charset=utf-8".to_owned());
        Answer { status, headers: vec![kind], content: text.to_owned() }
    }
}

/// Waits for a request; the answer, if it is refused.
pub fn read(stream: &mut TcpStream) -> Result<Request, Answer> {
    let end = Instant::now() + TIME;
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(head) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break head + 4;
        }
        if bytes.len() > HEAD {
            return Err(Answer::text(431, &format!("the head of a request has at most {HEAD} bytes")));
        }
        read_more(stream, &mut bytes, end)?;
    };
    let mut request =
        parse(&bytes[..head]).ok_or_else(|| Answer::text(400, "this is no request of HTTP/1.1"))?;
    let is_named = |name: &str| request.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
    if is_named("Transfer-Encoding") {
        return Err(Answer::text(411, "the length of the body is needed"));
    }
    let length = match request.header("Content-Length").map(str::parse::<u64>) {
        Some(Ok(length)) if length <= BODY as u64 => length as usize,
        Some(Ok(_)) => return Err(Answer::text(413, &format!("a request has at most {BODY} bytes"))),
        None if !is_named("Content-Length") => 0,
        _ => return Err(Answer::text(400, "the length of the body is not a number")),
    };
    while bytes.len() < head + length {
        read_more(stream, &mut bytes, end)?;
    }
    request.body = bytes[head..head + length].to_vec();
    Ok(request)
}

/// Adds what has arrived, and waits for something until `end`.
fn read_more(stream: &mut TcpStream, bytes: &mut Vec<u8>, end: Instant) -> Result<(), Answer> {
    let slow = || Answer::text(408, "the request took too long");
    let left = end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()).ok_or_else(slow)?;
    let mut buffer = [0; 4096];
    match stream.set_read_timeout(Some(left)).and_then(|()| stream.read(&mut buffer)) {
        Ok(0) => Err(Answer::text(400, "the request ends too early")),
        Ok(count) => {
            bytes.extend(&buffer[..count]);
            Ok(())
        }
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        Err(_) => Err(slow()),
    }
}

fn parse(head: &[u8]) -> Option<Request> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    parsed.parse(head).ok().filter(httparse::Status::is_complete)?;
    let header = |header: &httparse::Header<'_>| {
        Some((header.name.to_owned(), std::str::from_utf8(header.value).ok()?.to_owned()))
    };
    Some(Request {
        method: parsed.method?.to_owned(),
        url: parsed.path?.to_owned(),
        headers: parsed.headers.iter().map(header).collect::<Option<_>>()?,
        body: Vec::new(),
    })
}

/// Sends an answer, and ends the connection when the visitor has it: what was sent and not read would take it back.
pub fn write(stream: &mut TcpStream, answer: &Answer) -> io::Result<()> {
    let reason = if answer.status == 200 { "OK" } else { "Refused" };
    let mut head = format!("HTTP/1.1 {} {reason}\r\nConnection: close\r\n", answer.status);
    head.push_str(&format!("Content-Length: {}\r\n", answer.content.len()));
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream.set_write_timeout(Some(TIME))?;
    stream.write_all(head.as_bytes())?;
    stream.write_all(b"\r\n")?;
    stream.write_all(answer.content.as_bytes())?;
    stream.shutdown(Shutdown::Write)?;
    stream.set_read_timeout(Some(TIME / 5))?;
    let mut rest = [0; 4096];
    for _ in 0..256 {
        if stream.read(&mut rest)? == 0 {
            break;
        }
    }
    Ok(())
}
