//! The server: on the loopback alone, for pages of its own origin, with limits on the size, time and number of requests. It reads
//! and writes no files.

use super::expression;
use super::http::{self, Answer, Request};
use super::problem::Problem;
use super::sessions::Sessions;
use serde_json::{Value, json};
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    listener: TcpListener,
    port: u16,
    sessions: Arc<Sessions>,
}

impl Playground {
    /// Listens on this port of 127.0.0.1, or on any free one if it is 0.
    pub fn bind(port: u16) -> io::Result<Playground> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let port = listener.local_addr()?.port();
        Ok(Playground { listener, port, sessions: Arc::default() })
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Answers requests, each in a thread of its own, as long as the process lives.
    pub fn serve(&self) {
        let running = Arc::new(AtomicUsize::new(0));
        for stream in self.listener.incoming() {
            // Without room, or if the visitor has gone already, the connection is closed.
            let (Some(slot), Ok(mut stream)) = (Slot::take(&running), stream) else { continue };
            let (sessions, port) = (Arc::clone(&self.sessions), self.port);
            let answering = std::thread::Builder::new().stack_size(STACK);
            let _ = answering.spawn(move || {
                let _slot = slot;
                let answer = http::read(&mut stream).map_or_else(
                    |refusal| refusal,
                    |request| {
                        let answer = catch_unwind(AssertUnwindSafe(|| answer(&request, &sessions, port)));
                        answer.unwrap_or_else(|_| {
                            text(500, "this made the playground stumble; please report it")
                        })
                    },
                );
                // The visitor may have gone.
                let _ = http::write(&mut stream, &answer);
            });
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

fn answer(request: &Request, sessions: &Sessions, port: u16) -> Answer {
    let hosts = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    // Other names that lead here are those of another site, which could read the answers.
    if !request.header("Host").is_some_and(|host| hosts.iter().any(|own| own == host)) {
        return text(403, "this server answers to 127.0.0.1 and localhost alone");
    }
    let (path, query) = request.url.split_once('?').unwrap_or((&request.url, ""));
    match request.method.as_str() {
        "GET" => get(path, query, sessions),
        "POST" => {
            let is_own = request
                .header("Origin")
                .is_none_or(|origin| hosts.iter().any(|host| origin == format!("http://{host}")));
            // Other sites cannot send this type without being asked for permission, which is not given.
            let kind = request.header("Content-Type").and_then(|kind| kind.split(';').next());
            if !is_own || kind.map(str::trim) != Some("application/json") {
                return text(403, "only for the page of this server, in JSON");
            }
            match serde_json::from_slice(&request.body) {
                Ok(body) => post(path, &body, sessions),
                Err(error) => as_json(400, &Problem::new("", error.to_string()).to_json()),
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
                .with("Content-Disposition", "attachment; filename=\"training.html\""),
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
    let headers = headers.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
    Answer { status, headers, content }
}
