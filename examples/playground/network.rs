//! Networks that learn while they are watched: each in a thread of its own, with a limit of time.

use super::problem::Problem;
use super::settings::{Settings, field, positive, speed};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tapegrad::nn::{Batch, Error, History, Order, Schedule, Trainer, TrainingPage};

/// A network is trained at most so long.
const TIME: Duration = Duration::from_secs(600);

/// Frames that nobody fetched are dropped, the oldest first.
const FRAMES: usize = 64;
const BETWEEN_FRAMES: Duration = Duration::from_millis(60);

/// A network that learns in a thread. Dropping it stops the thread.
pub struct Learning {
    shared: Arc<Shared>,
}

/// What the thread and the visitor's requests share.
struct Shared {
    is_stopped: AtomicBool,
    is_paused: AtomicBool,
    /// The bits of the learning rate.
    rate: AtomicU64,
    /// See [`speed`].
    speed: AtomicU64,
    told: Mutex<Told>,
    changed: Condvar,
}

/// What the thread has told.
#[derive(Default)]
struct Told {
    /// The run without its updates.
    run: String,
    frames: VecDeque<(u64, String)>,
    next: u64,
    wants_page: bool,
    page: Option<String>,
    parameters: Vec<f64>,
    is_over: bool,
    error: Option<String>,
}

impl Drop for Learning {
    fn drop(&mut self) {
        self.shared.is_stopped.store(true, Ordering::Relaxed);
        self.shared.changed.notify_all();
    }
}

impl Learning {
    /// Starts to train.
    pub fn start(settings: Settings, speed: u64) -> Learning {
        let shared = Arc::new(Shared {
            is_stopped: AtomicBool::new(false),
            is_paused: AtomicBool::new(false),
            rate: AtomicU64::new(settings.rate.to_bits()),
            speed: AtomicU64::new(speed),
            told: Mutex::default(),
            changed: Condvar::new(),
        });
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || {
            let outcome = catch_unwind(AssertUnwindSafe(|| learn(&settings, &of_thread)));
            let mut told = of_thread.told();
            told.error = outcome.unwrap_or_else(|_| Err("the training stopped by a panic".to_owned())).err();
            told.is_over = true;
            of_thread.changed.notify_all();
        });
        Learning { shared }
    }

    /// Pauses, goes on, stops, changes the rate or the speed, as the request says; nothing if one of these is wrong.
    pub fn change(&self, request: &Value) -> Result<(), Problem> {
        let is_given = |name: &str| request.get(name).is_some();
        let flag = |name: &str| is_given(name).then(|| field::<bool>(request, name)).transpose();
        let rate = is_given("rate").then(|| positive(request, "rate")).transpose()?;
        let speed = is_given("speed").then(|| speed(request)).transpose()?;
        let (paused, stopped) = (flag("paused")?, flag("stopped")?);
        let shared = &self.shared;
        rate.inspect(|rate| shared.rate.store(rate.to_bits(), Ordering::Relaxed));
        speed.inspect(|&speed| shared.speed.store(speed, Ordering::Relaxed));
        paused.inspect(|&paused| shared.is_paused.store(paused, Ordering::Relaxed));
        stopped.inspect(|&stopped| shared.is_stopped.store(stopped, Ordering::Relaxed));
        self.shared.changed.notify_all();
        Ok(())
    }

    /// What happened since this frame: the run itself at first, further frames, and whether it is over. Waits a moment for
    /// the first.
    pub fn news(&self, since: u64) -> String {
        let told = self.shared.told();
        let is_empty = |told: &mut Told| told.next <= since && !told.is_over;
        let (told, _) = self
            .shared
            .changed
            .wait_timeout_while(told, Duration::from_millis(500), is_empty)
            .unwrap_or_else(PoisonError::into_inner);
        let frames: Vec<&str> =
            told.frames.iter().filter(|(k, _)| *k >= since).map(|(_, frame)| frame.as_str()).collect();
        let run = if since == 0 && !told.run.is_empty() { told.run.as_str() } else { "null" };
        format!(
            r#"{{"run":{run},"frames":[{}],"next":{},"over":{},"error":{},"parameters":{}}}"#,
            frames.join(","),
            told.next,
            told.is_over,
            json!(told.error),
            json!(told.parameters),
        )
    }

    /// The run so far as a training page; `None` if it is not written in time.
    pub fn page(&self) -> Option<String> {
        let mut told = self.shared.told();
        told.wants_page = !told.is_over;
        self.shared.changed.notify_all();
        let is_missing = |told: &mut Told| told.wants_page && !told.is_over;
        let (told, waited) = self
            .shared
            .changed
            .wait_timeout_while(told, Duration::from_secs(5), is_missing)
            .unwrap_or_else(PoisonError::into_inner);
        told.page.clone().filter(|_| !waited.timed_out())
    }
}

/// Trains, and tells how it goes.
fn learn(settings: &Settings, shared: &Arc<Shared>) -> Result<(), String> {
    let text = |error: Error| error.to_string();
    let of_field = |problem: Problem| problem.message;
    let (mut mlp, optimizer) =
        (settings.network().map_err(of_field)?, settings.optimizer().map_err(of_field)?);
    let page = TrainingPage::new("A network of the playground", &mlp, settings.loss, &settings.data)
        .map_err(text)?;
    let page =
        RefCell::new(if settings.data.input_width() > 1 { page.class_names(&["0", "1"]) } else { page });
    shared.told().run = page.borrow().run_json();

    let (base, of_schedule) = (settings.rate, Arc::clone(shared));
    // Exactly 1, until the visitor changes the rate.
    let factor = move |_| f64::from_bits(of_schedule.rate.load(Ordering::Relaxed)) / base;
    let begin = Instant::now();
    let mut last_told: Option<Instant> = None;
    let history = RefCell::new(History::default());
    let outcome = Trainer::new(optimizer)
        .epochs(settings.epochs)
        .batch(Batch::Size(settings.batch))
        .order(Order::Shuffled { seed: settings.seed })
        .schedule(Schedule::custom(factor))
        .on_update(|update| page.borrow_mut().record(update))
        .on_epoch(|epoch, parameters| {
            history.borrow_mut().epochs.push(epoch.clone());
            if last_told.is_none_or(|last| last.elapsed() >= BETWEEN_FRAMES) {
                last_told = Some(Instant::now());
                shared.tell(&page.borrow(), parameters);
            }
            shared.wait(begin, || page.borrow().html(&history.borrow()))
        })
        .fit(&mut mlp, settings.loss, &settings.data);
    let (page, history) = (page.borrow(), history.borrow());
    shared.tell(&page, mlp.parameters());
    shared.told().page = Some(page.html(&history));
    outcome.map(|_| ()).map_err(text)
}

impl Shared {
    /// A panic of the thread leaves what was told before.
    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the last update and the parameters after it.
    fn tell(&self, page: &TrainingPage<'_>, parameters: &[f64]) {
        let frame = page.last_frame_json();
        let mut told = self.told();
        told.parameters = parameters.to_vec();
        let Some(frame) = frame else { return };
        if told.frames.len() == FRAMES {
            told.frames.pop_front();
        }
        let number = told.next;
        told.frames.push_back((number, frame));
        told.next += 1;
        self.changed.notify_all();
    }

    /// Waits between two epochs: as the speed says, and as long as the run is paused. Writes the page if it is asked for.
    fn wait(&self, begin: Instant, page: impl Fn() -> String) -> ControlFlow<()> {
        let done = Instant::now();
        loop {
            if self.is_stopped.load(Ordering::Relaxed) || begin.elapsed() > TIME {
                return ControlFlow::Break(());
            }
            let mut told = self.told();
            if told.wants_page {
                // That takes a while, in which news can be read.
                drop(told);
                let page = page();
                told = self.told();
                (told.page, told.wants_page) = (Some(page), false);
                self.changed.notify_all();
            }
            let pause = match self.speed.load(Ordering::Relaxed) {
                _ if self.is_paused.load(Ordering::Relaxed) => Duration::from_secs(1),
                0 => return ControlFlow::Continue(()),
                speed => Duration::from_secs_f64(1.0 / speed as f64).saturating_sub(done.elapsed()),
            };
            if pause.is_zero() {
                return ControlFlow::Continue(());
            }
            drop(self.changed.wait_timeout(told, pause));
        }
    }
}
