//! The playground answers its own page on this machine, and nobody else; what a visitor sends is limited in size and time.

use crate::playground::server;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{OnceLock, mpsc};
use std::time::{Duration, Instant};

/// The port of a playground that all tests of this file visit.
fn port() -> u16 {
    static PORT: OnceLock<u16> = OnceLock::new();
    *PORT.get_or_init(|| {
        let (sender, receiver) = mpsc::channel();
        std::thread::spawn(move || server::serve(0, |port| sender.send(port).unwrap()));
        receiver.recv().unwrap()
    })
}

/// What comes back for these bytes, if the visitor then is silent; empty if the connection is closed.
fn send(bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let _ = stream.write_all(bytes);
    let mut reply = Vec::new();
    match stream.read_to_end(&mut reply) {
        Err(error) => assert_ne!(error.kind(), ErrorKind::WouldBlock, "no answer"),
        Ok(_) => drop(stream.shutdown(Shutdown::Both)),
    }
    String::from_utf8(reply).unwrap()
}

fn status(reply: &str) -> &str {
    reply.split(' ').nth(1).unwrap_or("closed")
}

/// A request with these headers, one a line; `HOST` stands for the playground.
fn request(line: &str, headers: &[&str], body: &str) -> String {
    let host = format!("127.0.0.1:{}", port());
    let headers: String = headers.iter().map(|header| header.replace("HOST", &host) + "\r\n").collect();
    send(format!("{line} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n{body}").as_bytes())
}

const BODY: &str = r#"{"expression":"x*x","values":{"x":3}}"#;

/// The status for an expression that is sent with these headers.
fn ask(headers: &[&str]) -> String {
    let length = format!("Content-Length: {}", BODY.len());
    let headers: Vec<&str> = headers.iter().copied().chain([length.as_str()]).collect();
    status(&request("POST /expression", &headers, BODY)).to_owned()
}

#[test]
fn the_page_and_an_answer() {
    let page = request("GET /", &["Host: HOST"], "");
    assert_eq!(status(&page), "200");
    assert!(
        page.contains("content-security-policy: default-src 'none'") && page.contains("nosniff"),
        "{page}"
    );
    let length = format!("Content-Length: {}", BODY.len());
    let json = "Content-Type: application/json";
    let reply = request("POST /expression", &["Host: HOST", "Origin: http://HOST", json, &length], BODY);
    let (_, answer) = reply.split_once("\r\n\r\n").unwrap();
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap();
    assert_eq!((&answer["value"], &answer["gradient"][0]), (&9.0.into(), &6.0.into()));
    let wrong = request("POST /expression", &["Host: HOST", json, "Content-Length: 2"], "{}");
    assert!(wrong.contains("a text is missing"), "{wrong}");
}

#[test]
fn for_its_own_page_alone() {
    let (host, json) = ("Host: HOST", "Content-Type: application/json");
    let localhost = format!("Host: localhost:{}", port());
    assert_eq!(ask(&[host, json]), "200");
    assert_eq!(ask(&[&localhost, json]), "200");
    assert_eq!(ask(&[host, "content-type: application/json; charset=utf-8"]), "200");
    // Another name for this machine, or none, or two.
    let evil = format!("Host: evil.example:{}", port());
    for hosts in
        [&[evil.as_str()][..], &["Host: 127.0.0.1"], &["Host: HOST.evil.example"], &[], &[host, &evil]]
    {
        let headers: Vec<&str> = hosts.iter().copied().chain([json]).collect();
        // Without a name, or with two, it is no request of HTTP 1.1.
        let refused = if hosts.len() == 1 { "403" } else { "400" };
        assert_eq!(ask(&headers), refused, "{hosts:?}");
        assert_eq!(status(&request("GET /", hosts, "")), refused, "{hosts:?}");
    }
    // Another origin, or a type that any page may send.
    for origin in
        ["http://evil.example", "null", "https://HOST", "http://HOST.evil.example", "http://127.0.0.1"]
    {
        assert_eq!(ask(&[host, json, &format!("Origin: {origin}")]), "403", "{origin}");
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        assert_eq!(ask(&[host, &format!("Content-Type: {kind}")]), "403", "{kind}");
    }
    assert_eq!(ask(&[host]), "403");
    for path in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "//etc/passwd", "/page.html", "/nothing"] {
        assert_eq!(status(&request(&format!("GET {path}"), &[host], "")), "404", "{path}");
    }
    assert_eq!(status(&request("DELETE /", &[host], "")), "405");
}

#[test]
fn sizes_are_limited() {
    let (host, json) = ("Host: HOST", "Content-Type: application/json");
    let long = "x".repeat(70_000);
    let length = format!("Content-Length: {}", long.len());
    assert_eq!(status(&request("POST /expression", &[host, json, &length], &long)), "413");
    let header = format!("X: {long}");
    assert_ne!(status(&request("GET /", &[host, &header], "")), "200");
    // As deep as it is long.
    let deep = "[".repeat(60_000);
    let length = format!("Content-Length: {}", deep.len());
    assert_eq!(status(&request("POST /expression", &[host, json, &length], &deep)), "400");
    for odd in ["GARBAGE\r\n\r\n", "\r\n\r\n", "\0\0\0\0\r\n\r\n", "GET / HTTP/9.9\r\n\r\n"] {
        assert_ne!(status(&send(odd.as_bytes())), "200", "{odd:?}");
    }
    assert_eq!(ask(&[host, json]), "200", "it still answers");
}

/// Visitors who send half a request, and then nothing, are sent away.
#[test]
fn time_is_limited() {
    let start = Instant::now();
    let head = format!("POST /expression HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", port());
    let silent = ["GET / HT".to_owned(), format!("{head}Content-Length: 5000\r\n\r\n{{")];
    let silent = silent.map(|half| std::thread::spawn(move || status(&send(half.as_bytes())).to_owned()));
    for visitor in silent {
        assert_ne!(visitor.join().unwrap(), "200");
    }
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}
