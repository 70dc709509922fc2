//! The server: on the loopback alone, for pages of its own origin, with limits on the size and number of requests. It reads and
//! writes no files.

use super::expression;
use super::problem::Problem;
use super::sessions::Sessions;
use serde_json::{Value, json};
use std::error::Error;
use std::io::{Cursor, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tiny_http::{Header, Method, Request, Response, Server};

/// A request is at most so long, in bytes.
const LENGTH: usize = 64 * 1024;

/// So many requests are answered at once; more have to come again.
const AT_ONCE: usize = 64;

/// The stack of a thread that answers.
const STACK: usize = 16 << 20;

const FILES: [(&str, &str, &str); 6] = [
    ("/", "text/html", include_str!("page.html")),
    ("/playground.css", "text/css", include_str!("page.css")),
    ("/training.css", "text/css", include_str!("../../src/nn/page/assets/page.css")),
    ("/training.js", "text/javascript", include_str!("../../src/nn/page/assets/page.js")),
    ("/network.js", "text/javascript", include_str!("network.js")),
    ("/expression.js", "text/javascript", include_str!("expression.js")),
];

/// Scripts of this server alone; drawings set styles of their own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The server of the playground.
pub struct Playground {
    server: Server,
    port: u16,
    sessions: Arc<Sessions>,
}

type Answer = Response<Cursor<Vec<u8>>>;

impl Playground {
    /// Listens on this port of 127.0.0.1, or on any free one if it is 0.
    pub fn bind(port: u16) -> Result<Playground, Box<dyn Error + Send + Sync>> {
        let server = Server::http(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        let port = server.server_addr().to_ip().ok_or("no address")?.port();
        Ok(Playground { server, port, sessions: Arc::default() })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Answers requests, each in a thread of its own, as long as the process lives.
    pub fn serve(&self) {
        let running = Arc::new(AtomicUsize::new(0));
        for request in self.server.incoming_requests() {
            let slot = Slot::take(&running);
            let (sessions, port) = (Arc::clone(&self.sessions), self.port);
            let answering = std::thread::Builder::new().stack_size(STACK);
            // A request that cannot be answered now is dropped, and its connection is closed.
            if let Some(slot) = slot {
                let _ = answering.spawn(move || {
                    let _slot = slot;
                    respond(request, &sessions, port);
                });
            }
        }
    }
}

/// One of the requests that are answered at once.
struct Slot(Arc<AtomicUsize>);

impl Slot {
    fn take(running: &Arc<AtomicUsize>) -> Option<Slot> {
        let before = running.fetch_add(1, Ordering::Relaxed);
        let slot = Slot(Arc::clone(running));
        (before < AT_ONCE).then_some(slot)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn respond(mut request: Request, sessions: &Sessions, port: u16) {
    let answer = answer(&mut request, sessions, port);
    // The visitor may have gone.
    let _ = request.respond(answer);
}

fn answer(request: &mut Request, sessions: &Sessions, port: u16) -> Answer {
    let hosts = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    // Other names that lead here are those of another site, which could read the answers.
    if !header(request, "Host").is_some_and(|host| hosts.contains(&host)) {
        return text(403, "this server answers to 127.0.0.1 and localhost alone");
    }
    let url = request.url().to_owned();
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    match request.method() {
        Method::Get => get(path, query, sessions),
        Method::Post => {
            let is_own = header(request, "Origin")
                .is_none_or(|origin| hosts.iter().any(|host| origin == format!("http://{host}")));
            // Other sites cannot send this type without being asked for permission, which is not given.
            let is_json =
                header(request, "Content-Type").is_some_and(|kind| kind.starts_with("application/json"));
            match body(request) {
                _ if !is_own || !is_json => text(403, "only for the page of this server, in JSON"),
                Ok(body) => post(path, &body, sessions),
                Err(problem) => as_json(413, &problem.to_json()),
            }
        }
        _ => text(405, "GET or POST"),
    }
}

fn get(path: &str, query: &str, sessions: &Sessions) -> Answer {
    if let Some((_, kind, content)) = FILES.iter().find(|(name, ..)| *name == path) {
        return with_type(200, &format!("{kind}; charset=utf-8"), (*content).to_owned());
    }
    let parameter = |name: &str| {
        query
            .split('&')
            .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
            .map(|(_, value)| value)
    };
    let learning = parameter("key").and_then(|key| sessions.find(key));
    match (path, learning) {
        ("/network/news", Some(learning)) => {
            let since = parameter("since").and_then(|since| since.parse().ok()).unwrap_or(0);
            with_type(200, "application/json", learning.news(since))
        }
        ("/network/page", Some(learning)) => match learning.page() {
            Some(page) => with_type(200, "text/html; charset=utf-8", page)
                .with_header(made("Content-Disposition", "attachment; filename=\"training.html\"")),
            None => text(503, "the page is not ready; try again"),
        },
        ("/network/news" | "/network/page", None) => {
            as_json(404, &Problem::new("", "this network has been stopped; start another one").to_json())
        }
        _ => text(404, "there is nothing here"),
    }
}

fn post(path: &str, request: &Value, sessions: &Sessions) -> Answer {
    let outcome = match path {
        "/expression" => expression::answer(request),
        "/network/start" => sessions.start(request).map(|key| json!({ "key": key })),
        "/network/change" => {
            let learning = request.get("key").and_then(Value::as_str).and_then(|key| sessions.find(key));
            match learning {
                Some(learning) => learning.change(request).map(|()| json!({})),
                None => Err(Problem::new("", "this network has been stopped; start another one")),
            }
        }
        _ => return text(404, "there is nothing here"),
    };
    match outcome {
        Ok(answer) => as_json(200, &answer),
        Err(problem) => as_json(422, &problem.to_json()),
    }
}

/// The body of a request, as JSON.
fn body(request: &mut Request) -> Result<Value, Problem> {
    let mut bytes = Vec::new();
    let read = request.as_reader().take(LENGTH as u64 + 1).read_to_end(&mut bytes);
    if read.is_err() || bytes.len() > LENGTH {
        return Err(Problem::new("", format!("a request has at most {LENGTH} bytes")));
    }
    serde_json::from_slice(&bytes).map_err(|error| Problem::new("", error.to_string()))
}

fn header(request: &Request, name: &'static str) -> Option<String> {
    let header = request.headers().iter().find(|header| header.field.equiv(name))?;
    Some(header.value.as_str().to_owned())
}

fn made(name: &str, value: &str) -> Header {
    Header::from_bytes(name, value).expect("a header in ASCII")
}

fn text(status: u16, text: &str) -> Answer {
    with_type(status, "text/plain; charset=utf-8", text.to_owned())
}

fn as_json(status: u16, value: &Value) -> Answer {
    with_type(status, "application/json", value.to_string())
}

fn with_type(status: u16, kind: &str, content: String) -> Answer {
    let headers = [
        ("Content-Type", kind),
        ("Content-Security-Policy", POLICY),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cache-Control", "no-store"),
    ];
    let answer = Response::from_data(content).with_status_code(status);
    headers.into_iter().fold(answer, |answer, (name, value)| answer.with_header(made(name, value)))
}
