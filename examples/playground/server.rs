//! The server: on the loopback alone, for pages of its own origin, with limits on the size and number of requests. It reads and
//! writes no files.

use super::expression;
use super::problem::Problem;
use super::sessions::Sessions;
use oxhttp::Server;
use oxhttp::model::{Body, Method, Request, Response};
use serde_json::{Value, json};
use std::io::{self, Read};
use std::net::{Ipv4Addr, TcpListener};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

/// A request is at most so long, in bytes.
const LENGTH: usize = 64 * 1024;

/// So many connections at once; more have to wait.
const CONNECTIONS: usize = 64;

/// Who sends or takes nothing for this long is cut off.
const PATIENCE: Duration = Duration::from_secs(10);

const FILES: [(&str, &str, &str); 7] = [
    ("/", "text/html", include_str!("page.html")),
    ("/playground.css", "text/css", include_str!("page.css")),
    ("/training.css", "text/css", include_str!("../../src/nn/page/assets/page.css")),
    ("/training.js", "text/javascript", include_str!("../../src/nn/page/assets/page.js")),
    ("/element.js", "text/javascript", include_str!("element.js")),
    ("/network.js", "text/javascript", include_str!("network.js")),
    ("/expression.js", "text/javascript", include_str!("expression.js")),
];

/// Scripts of this server alone; drawings set styles of their own.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; \
                      connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

type Answer = Response<Body>;

/// Serves on this port of 127.0.0.1, or on any free one if it is 0, as long as the process lives; tells the port.
pub fn serve(port: u16, tell: impl FnOnce(u16)) -> io::Result<()> {
    // Whether the port is free, and which one it is. It is free again at once.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?.local_addr()?.port();
    let sessions = Sessions::default();
    let answer = move |request: &mut Request<Body>| {
        // A panic is a mistake of this program: it is told, and the others are served.
        let outcome = catch_unwind(AssertUnwindSafe(|| answer(request, &sessions, port)));
        outcome.unwrap_or_else(|_| {
            as_json(500, &Problem::new("", "the playground has made a mistake").to_json())
        })
    };
    let server = Server::new(answer)
        .bind((Ipv4Addr::LOCALHOST, port))
        .with_max_concurrent_connections(CONNECTIONS)
        .with_global_timeout(PATIENCE)
        .spawn()?;
    tell(port);
    server.join()
}

fn answer(request: &mut Request<Body>, sessions: &Sessions, port: u16) -> Answer {
    let hosts = [format!("127.0.0.1:{port}"), format!("localhost:{port}")];
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    // Other names that lead here are those of another site, which could read the answers.
    if !header("host").is_some_and(|host| hosts.iter().any(|own| own == host)) {
        return text(403, "this server answers to 127.0.0.1 and localhost alone");
    }
    let (path, query) = (request.uri().path().to_owned(), request.uri().query().unwrap_or("").to_owned());
    if request.method() == Method::GET {
        return get(&path, &query, sessions);
    } else if request.method() != Method::POST {
        return text(405, "GET or POST");
    }
    let is_own = header("origin")
        .is_none_or(|origin| hosts.iter().any(|host| origin.strip_prefix("http://") == Some(host)));
    // Other sites cannot send this type without being asked for permission, which is not given.
    let kind = header("content-type").and_then(|kind| kind.split(';').next());
    let is_json = kind.map(str::trim) == Some("application/json");
    if !is_own || !is_json {
        return text(403, "only for the page of this server, in JSON");
    }
    match body(request) {
        Ok(body) => post(&path, &body, sessions),
        Err((status, problem)) => as_json(status, &problem.to_json()),
    }
}

fn get(path: &str, query: &str, sessions: &Sessions) -> Answer {
    if let Some((_, kind, content)) = FILES.iter().find(|(name, ..)| *name == path) {
        return answered(200, &format!("{kind}; charset=utf-8"), (*content).to_owned(), None);
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
            answered(200, "application/json", learning.news(since), None)
        }
        ("/network/page", Some(learning)) => match learning.page() {
            Some(page) => answered(200, "text/html; charset=utf-8", page, Some("training.html")),
            None => text(503, "the page is not ready; try again"),
        },
        ("/network/news" | "/network/page", None) => as_json(404, &no_network().to_json()),
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
                None => Err(no_network()),
            }
        }
        _ => return text(404, "there is nothing here"),
    };
    // A wrong field is an answer too: as another status it would be an error of the page in the browser's console.
    as_json(200, &outcome.unwrap_or_else(|problem| problem.to_json()))
}

fn no_network() -> Problem {
    Problem::new("", "this network has been stopped; start another one")
}

/// The body of a request, as JSON; or a status and what is wrong.
fn body(request: &mut Request<Body>) -> Result<Value, (u16, Problem)> {
    let mut bytes = Vec::new();
    let read = request.body_mut().take(LENGTH as u64 + 1).read_to_end(&mut bytes);
    if bytes.len() > LENGTH {
        return Err((413, Problem::new("", format!("a request has at most {LENGTH} bytes"))));
    }
    read.map_err(|error| (400, Problem::new("", error.to_string())))?;
    serde_json::from_slice(&bytes).map_err(|error| (400, Problem::new("", error.to_string())))
}

fn text(status: u16, text: &str) -> Answer {
    answered(status, "text/plain; charset=utf-8", text.to_owned(), None)
}

fn as_json(status: u16, value: &Value) -> Answer {
    answered(status, "application/json", value.to_string(), None)
}

/// An answer; with a name, it is a file to be kept.
fn answered(status: u16, kind: &str, content: String, file: Option<&str>) -> Answer {
    let mut answer = Response::builder()
        .status(status)
        .header("content-type", kind)
        .header("content-security-policy", POLICY)
        .header("x-content-type-options", "nosniff")
        .header("referrer-policy", "no-referrer")
        .header("cache-control", "no-store");
    if let Some(name) = file {
        answer = answer.header("content-disposition", format!("attachment; filename=\"{name}\""));
    }
    answer.body(Body::from(content)).expect("headers in ASCII")
}
