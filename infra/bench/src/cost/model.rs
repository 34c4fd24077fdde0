//! What one call, one event and one month consist of.

use std::collections::{BTreeMap, BTreeSet};

use banister_domain::job::ErasureStep;

use super::capacity::{COUNTING, Capacity, REMOVAL};
use super::effects::{Effect, effect, is_audited, is_counted};
use super::prices::Bill;
use super::stack::Stack;
use crate::BenchError;
use crate::functions::PHOTO;
use crate::report::{Figures, Report};

/// Memory in MB at which a function has a whole processor
/// (<https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>).
pub(super) const WHOLE_CPU_MB: f64 = 1_769.0;
/// Milliseconds of each trip to the table, within a region.
pub(super) const TABLE_MS: f64 = 5.0;
/// Milliseconds in which a message is sent to a queue or posted to a WebSocket connection.
pub(super) const SEND_MS: f64 = 10.0;
/// Milliseconds in which an object is read or written.
pub(super) const OBJECT_MS: f64 = 30.0;
/// Milliseconds in which a mail server takes a mail, the connection included.
pub(super) const MAIL_MS: f64 = 300.0;
/// Milliseconds between Lambda and the function, both ways.
pub(super) const RUNTIME_MS: f64 = 1.0;
/// Octets of the gateway's line in the access log.
pub(super) const ACCESS_LINE: f64 = 450.0;
/// Octets of Lambda's own lines about an invocation, `platform.start` and `platform.report`.
pub(super) const PLATFORM_LINES: f64 = 700.0;
/// Octets of the function's own line where it was not measured.
const OWN_LINE: f64 = 900.0;
/// Part of the logs that is stored, since they are compressed.
pub(super) const COMPRESSED: f64 = 0.15;
/// Octets of an answer, headers included.
pub(super) const ANSWER: f64 = 2_000.0;
/// Octets of the `OpenAPI` document.
pub(super) const OPENAPI: f64 = 203_000.0;
/// Octets of a file of the API's documentation: the mean of the six that its page loads.
pub(super) const DOCS_FILE: f64 = 327_000.0;
/// Part of the invocations that X-Ray records of those beyond the first one in each second of each function. For
/// Lambda that is fixed (<https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html>).
pub(super) const TRACED_BEYOND: f64 = 0.05;
/// Long polls of Lambda at each queue, whether there is anything in it or not; they could be two, but not
/// with a maximum concurrency (<https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>).
pub(super) const POLLERS: f64 = 5.0;
/// Seconds of a long poll.
pub(super) const POLL_SECONDS: f64 = 20.0;
/// Hours of a month.
pub(super) const HOURS: f64 = 730.0;
/// Metrics that a function writes for its operation, at most; docs/logging.md.
pub(super) const OWN_METRICS: f64 = 5.0;
/// Octets in a GB as AWS bills logs and transfers.
const GB: f64 = 1_073_741_824.0;

/// Pieces of the erasure of somebody who has left little, one a step.
#[expect(clippy::cast_precision_loss, reason = "there are ten")]
const PIECES: f64 = ErasureStep::ALL.len() as f64;

/// Operations that hash a password, as `register_account` does.
const HASHING: [&str; 3] = ["change_password", "complete_password_reset", "create_session"];

/// What is known of functions.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) stack: Stack,
    pub(super) capacities: BTreeMap<String, Capacity>,
    pub(super) measured: BTreeMap<String, Figures>,
}

impl Model {
    /// From what was counted and measured.
    ///
    /// # Errors
    /// Where a function was neither measured nor is like one that was, or its units were not counted: nothing
    /// is left out.
    pub(super) fn new(
        stack: Stack,
        capacities: BTreeMap<String, Capacity>,
        measured: Report,
    ) -> Result<Self, BenchError> {
        let model = Self { stack, capacities, measured: measured.rows };
        let mut missing: Vec<_> = Vec::new();
        for operation in model.stack.functions.keys() {
            if model.cpu_ms(operation).is_none() {
                missing
                    .push(format!("{operation}: the baseline of the functions has no CPU time of its area"));
            }
            // It answers what no other route does, without the table.
            if operation != "fallback" && !model.capacities.contains_key(operation) {
                missing.push(format!("{operation}: capacity.txt has no row"));
            }
        }
        if model.picture_ms().is_none() {
            missing.push(format!("{PHOTO}: the baseline of the functions has no row"));
        }
        for row in [REMOVAL, COUNTING].into_iter().filter(|row| !model.capacities.contains_key(*row)) {
            missing.push(format!("{row}: capacity.txt has no row"));
        }
        if missing.is_empty() { Ok(model) } else { Err(BenchError::Unexpected(missing.join("\n"))) }
    }

    /// Operations that have the CPU time of another one of their area.
    pub(super) fn unmeasured(&self) -> BTreeSet<&str> {
        let known = self.stack.functions.keys().map(String::as_str);
        known.filter(|operation| !self.measured.contains_key(*operation)).collect()
    }

    /// The figures of an operation, or of one of its area: rather one that asks the table, and that was called
    /// often. A password is hashed in two areas.
    fn row(&self, operation: &str) -> Option<&Figures> {
        let measured = if HASHING.contains(&operation) { "register_account" } else { operation };
        let area = &self.stack.functions.get(operation)?.area;
        let near = || {
            let like =
                |name: &str| self.stack.functions.get(name).is_some_and(|function| function.area == *area);
            let rows = self.measured.iter().filter(|(name, _)| like(name));
            let all: Vec<_> = rows.map(|(_, figures)| figures).collect();
            let with = |key: &str| all.iter().find(|figures| figures.contains_key(key)).copied();
            with("warm_us").or_else(|| with("bare_us")).or_else(|| with("first_ms"))
        };
        self.measured.get(measured).or_else(near)
    }

    /// Milliseconds of a whole processor.
    fn cpu_ms(&self, operation: &str) -> Option<f64> {
        let row = self.row(operation)?;
        let micros = row.get("warm_us").or_else(|| row.get("bare_us")).map(|micros| micros / 1e3);
        micros.or_else(|| row.get("first_ms").copied())
    }

    /// Milliseconds of a whole processor for the picture of a telephone.
    fn picture_ms(&self) -> Option<f64> {
        self.measured.get(PHOTO)?.get("first_ms").copied()
    }

    fn capacity(&self, operation: &str) -> Capacity {
        let nothing = Capacity { trips: 0.0, read: 0.0, write: 0.0 };
        self.capacities.get(operation).copied().unwrap_or(nothing)
    }

    /// Milliseconds that an invocation is billed for, with `wait_ms` outside the table.
    pub(super) fn billed_ms(&self, operation: &str, wait_ms: f64) -> f64 {
        self.billed(operation, self.capacity(operation), wait_ms)
    }

    fn billed(&self, operation: &str, asked: Capacity, wait_ms: f64) -> f64 {
        let cpu = self.cpu_ms(operation).unwrap_or_default();
        let slowed = cpu * (WHOLE_CPU_MB / self.memory(operation)).max(1.0);
        (RUNTIME_MS + slowed + asked.trips * TABLE_MS + wait_ms).ceil()
    }

    fn memory(&self, operation: &str) -> f64 {
        self.stack.functions.get(operation).map_or(128.0, |function| function.memory)
    }

    /// One invocation, its table and its logs.
    pub(super) fn invocation(&self, operation: &str, wait_ms: f64) -> Bill {
        self.invoked(operation, self.capacity(operation), wait_ms)
    }

    fn invoked(&self, operation: &str, asked: Capacity, wait_ms: f64) -> Bill {
        let Capacity { read, write, .. } = asked;
        let own = self.row(operation).and_then(|row| row.get("log_bytes")).copied().unwrap_or(OWN_LINE);
        let seconds = self.billed(operation, asked, wait_ms) / 1e3;
        let traced = self.stack.functions.get(operation).is_some_and(|function| function.traced);
        logged(Bill::default(), own + PLATFORM_LINES)
            .and("function requests", 1.0)
            .and("GB-seconds", self.memory(operation) / 1_024.0 * seconds)
            .and("read units", read)
            .and("write units", write)
            .and("traces", f64::from(u8::from(traced)))
    }

    /// One request to an operation of the API and its answer.
    pub(super) fn request(&self, operation: &str) -> Bill {
        let answer = match operation {
            "get_openapi" => OPENAPI,
            "show_docs_file" => DOCS_FILE,
            _ => ANSWER,
        };
        let bill = self.invocation(operation, 0.0).and("api requests", 1.0).and("GB out", answer / GB);
        logged(bill, ACCESS_LINE)
    }

    /// One event, from the outbox on: relayed to so many queues.
    fn relayed(&self, queues: f64) -> Bill {
        let sent = self.invocation("relay", queues * SEND_MS);
        // Sent, received, deleted.
        sent.and("queue requests", 3.0 * queues)
    }

    /// One mail, from its queue on.
    pub(super) fn mail(&self) -> Bill {
        self.invocation("email", MAIL_MS)
    }

    /// One push to one connection, from its queue on.
    pub(super) fn push(&self) -> Bill {
        self.invocation("socket", SEND_MS).and("socket messages", 1.0)
    }

    /// One photo, from its upload on: read, written in three sizes, deleted.
    pub(super) fn photo(&self) -> Bill {
        let slowed = self.picture_ms().unwrap_or_default() * (WHOLE_CPU_MB / self.memory("media")).max(1.0);
        let written = self.invocation("media", slowed + 5.0 * OBJECT_MS).and("object reads", 1.0);
        written.and("object writes", 1.0 + 3.0).and("queue requests", 3.0)
    }

    /// What an effect costs.
    pub(super) fn effect(&self, effect: Effect) -> Bill {
        match effect {
            Effect::Mail => self.relayed(1.0).and_all(&self.mail(), 1.0),
            Effect::Push => self.relayed(1.0).and_all(&self.push(), 1.0),
            Effect::MailAndPush => self.relayed(2.0).and_all(&self.mail(), 1.0).and_all(&self.push(), 1.0),
            Effect::Removal => {
                let removed = self.invoked("media", self.capacity(REMOVAL), OBJECT_MS);
                self.relayed(1.0).and_all(&removed, 1.0)
            }
            Effect::Upload => self.photo(),
            Effect::PushAndErasure => self.effect(Effect::Push).and_all(&self.erasure(), 1.0),
        }
    }

    /// The erasure of somebody who has left little: each piece is an event, a message and an invocation.
    fn erasure(&self) -> Bill {
        let Capacity { trips, read, write } = self.capacity("jobs");
        let part = Capacity { trips: trips / PIECES, read: read / PIECES, write: write / PIECES };
        let piece = self.relayed(1.0).and_all(&self.invoked("jobs", part, 0.0), 1.0);
        Bill::default().and_all(&piece, PIECES)
    }

    /// All that follows a call of an operation.
    pub(super) fn effects(&self, operation: &str) -> Bill {
        let told = effect(operation).map(|effect| self.effect(effect)).unwrap_or_default();
        // Each alone in its batch.
        let linked = is_audited(operation).then(|| self.invocation("projections", 0.0));
        let counted =
            is_counted(operation).then(|| self.invoked("projections", self.capacity(COUNTING), 0.0));
        let follows = [linked, counted].into_iter().flatten();
        follows.fold(told, |bill, follows| bill.and_all(&follows, 1.0))
    }

    /// One frame of a client and its answer.
    pub(super) fn frame(&self) -> Bill {
        self.invocation("frame", 0.0).and("socket messages", 2.0)
    }

    /// One relayed event, to one queue.
    pub(super) fn relay(&self) -> Bill {
        self.relayed(1.0)
    }

    /// A month without a single request, by what causes it.
    pub(super) fn idle(&self) -> Vec<(String, Bill)> {
        let stack = &self.stack;
        let mut causes = Vec::new();
        for operation in &stack.every_minute {
            let month = Bill::default()
                .and_all(&self.invocation(operation, 0.0), HOURS * 60.0)
                .and("rule invocations", HOURS * 60.0)
                .and("custom metrics", 2.0);
            causes.push((format!("{operation}, every minute"), month));
        }
        let polls = POLLERS * HOURS * 3_600.0 / POLL_SECONDS;
        let fixed = [
            ("long polls at queues", "queue requests", polls * f64::from(stack.polled)),
            ("alarms", "alarm metrics", f64::from(stack.alarm_metrics)),
            ("dashboards", "dashboards", f64::from(stack.dashboards)),
            ("secrets", "secrets", f64::from(stack.secrets)),
        ];
        let fixed =
            fixed.map(|(cause, name, quantity)| (cause.to_owned(), Bill::default().and(name, quantity)));
        causes.extend(fixed);
        causes
    }
}

/// Traces of a month of a function that is called so often a second.
pub(super) fn traces(rate: f64) -> f64 {
    HOURS * 3_600.0 * (rate.min(1.0) + TRACED_BEYOND * (rate - 1.0).max(0.0))
}

fn logged(bill: Bill, bytes: f64) -> Bill {
    bill.and("log GB", bytes / GB).and("log GB-months", bytes / GB * COMPRESSED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::capacity::capacities;
    use crate::cost::stack::Kind;

    fn model(figures: &[(&str, f64)]) -> Model {
        let functions = [("get_one", 512.0, "ones"), ("set_one", 256.0, "ones"), ("sweep", 256.0, "sweep")];
        let functions = functions.map(|(name, memory, area)| {
            let routed = area == "ones";
            (name.to_owned(), Kind { memory, area: area.to_owned(), routed, traced: routed })
        });
        let stack = Stack {
            functions: functions.into(),
            every_minute: vec!["sweep".into()],
            polled: 3,
            alarm_metrics: 7,
            dashboards: 1,
            secrets: 4,
            route_metrics: 12,
        };
        let text = "operation  calls trips read write\nget_one 2 2 3.5 0\nset_one 1 1 0 13\n";
        let figures = figures.iter().map(|(key, figure)| ((*key).to_owned(), *figure)).collect();
        let measured = [("get_one".to_owned(), figures)].into();
        Model { stack, capacities: capacities(text), measured }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "whole milliseconds")]
    fn time_is_cpu_of_a_part_of_a_processor_and_trips() {
        let model = model(&[("warm_us", 512.0), ("first_ms", 9.0)]);
        // 1 + 0.512 * 1769 / 512 + 2 * 5 = 12.769
        assert_eq!(model.billed_ms("get_one", 0.0), 13.0);
        // The same area's CPU, with half the memory and one trip: 1 + 3.538 + 5.
        assert_eq!(model.billed_ms("set_one", 0.0), 10.0);
        assert_eq!(model.billed_ms("set_one", 10.0), 20.0);
        assert_eq!(model.unmeasured().into_iter().collect::<Vec<_>>(), ["set_one", "sweep"]);
    }

    #[test]
    fn nothing_is_left_out() {
        let Model { stack, capacities, measured } = model(&[("bare_us", 512.0)]);
        let machine = crate::machine::Machine { cores: 2, model: "a processor".into() };
        let error = Model::new(stack, capacities, Report { machine, rows: measured }).unwrap_err();
        let wanted = "sweep: the baseline of the functions has no CPU time of its area\n\
            sweep: capacity.txt has no row\n\
            media, 12 megapixels: the baseline of the functions has no row\n\
            media/removal: capacity.txt has no row\nprojections/counting: capacity.txt has no row";
        assert_eq!(error.to_string(), wanted);
    }

    #[test]
    fn beyond_one_a_second_few_are_traced() {
        let month = HOURS * 3_600.0;
        for (rate, wanted) in [(0.5, 0.5), (1.0, 1.0), (21.0, 2.0)] {
            assert!((traces(rate) / month - wanted).abs() < 1e-9, "{rate}");
        }
    }

    #[test]
    fn a_request_is_billed_by_gateway_function_and_table() {
        let bill = model(&[("warm_us", 512.0), ("log_bytes", 500.0)]).request("get_one");
        let near = |name: &str, wanted: f64| {
            let quantity = bill.0[name];
            assert!((quantity - wanted).abs() < 1e-9, "{name}: {quantity}");
        };
        near("api requests", 1.0);
        near("function requests", 1.0);
        near("GB-seconds", 0.5 * 0.013);
        near("read units", 3.5);
        near("write units", 0.0);
        near("traces", 1.0);
        near("log GB", (500.0 + PLATFORM_LINES + ACCESS_LINE) / GB);
    }

    #[test]
    fn an_idle_month_polls_and_ticks() {
        let idle: BTreeMap<_, _> = model(&[]).idle().into_iter().collect();
        let near = |cause: &str, name: &str, wanted: f64| {
            let quantity = idle[cause].0[name];
            assert!((quantity - wanted).abs() < 1e-6, "{cause}: {quantity}");
        };
        near("long polls at queues", "queue requests", 3.0 * 657_000.0);
        near("sweep, every minute", "function requests", 43_800.0);
        near("sweep, every minute", "traces", 0.0);
        near("alarms", "alarm metrics", 7.0);
        near("secrets", "secrets", 4.0);
    }
}
