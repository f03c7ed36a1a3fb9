//! The faults of a command, and what must hold after each.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Output;

use super::leftovers;
use super::programs::{Fakes, Misdeed};
use super::subject::Subject;
use super::trace::{self, CALLS, Call, Kind};
use crate::snapshot::differing;

/// In PID and mount namespaces of its own, with a `/proc` that fits, becomes the command.
const OWN_PROC: &str = "mount -t proc proc /proc && exec \"$@\"";

/// What guardians and commands say of an apply that was cut off; a watchdog has nobody to say it to, and notes it.
const CUT_OFF: [&str; 2] = ["ended before it was complete", "\"cut-off\""];

/// One thing that goes wrong.
#[derive(Debug, Clone)]
pub enum Fault {
    /// The process is killed at a system call.
    Kill(Step),
    /// A system call gives back an error.
    Error(Step, &'static str),
    /// All processes are gone at a system call.
    Power(Step),
    /// The n-th program that is run does something else than its work.
    Program(usize, Misdeed),
}

/// The n-th call of a name.
#[derive(Debug, Clone)]
pub struct Step {
    call: String,
    n: usize,
    in_journal: bool,
}

impl Fault {
    /// Whether the command waits for something that does not come.
    pub(super) fn hangs(&self) -> bool {
        matches!(self, Fault::Program(_, Misdeed::Hangs))
    }
}

/// What an undisturbed run of a command is like.
pub(super) struct Course {
    /// The state in which the command begins.
    before: String,
    /// The state to which it leads back if it is not done.
    old: String,
    new: String,
    calls: Vec<Call>,
    programs: usize,
}

/// A subject into which faults are injected.
pub(super) struct Trial<'c, S> {
    subject: &'c S,
    course: &'c Course,
    fakes: Fakes,
}

impl Course {
    /// Runs the command undisturbed, twice.
    pub(super) fn learn<S: Subject>(subject: &S) -> Course {
        let old = subject.old();
        subject.prepare();
        let before = subject.state();
        let log = subject.scratch("trace");
        let wrapper =
            strace(&["-o", log.to_str().expect("a plain path"), "-e", &format!("trace={}", CALLS.join(","))]);
        let run = |wrapper: &[String], options: &[String]| {
            let output = subject.command(wrapper, options).output().expect("the command runs");
            assert!(output.status.success(), "{output:?}");
            subject.settle();
            let state = subject.state();
            if subject.waits() {
                let next = subject.next(0).output().expect("the next command runs");
                assert!(next.status.success(), "{next:?}");
                assert_eq!(differing(&old, &subject.state()), [""; 0], "it leads back");
            }
            state
        };
        let new = run(&wrapper, &[]);
        assert_ne!(old, new, "the command changes something");
        let calls = trace::parse(&fs::read_to_string(log).expect("strace wrote its log"));
        subject.prepare();
        assert_eq!(differing(&before, &subject.state()), [""; 0], "the state before can be brought back");
        let fakes = Fakes::new(&subject.scratch("fakes"), subject.variant());
        fakes.arm(0, Misdeed::Fails);
        let again = run(&[], &fakes.options(false));
        assert_eq!(differing(&new, &again), [""; 0], "one run is like another");
        Course { before, old, new, calls, programs: fakes.calls() }
    }

    /// All faults of the command.
    pub(super) fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for (index, call) in self.calls.iter().enumerate() {
            let step = || Step { call: call.name.clone(), n: call.n, in_journal: call.in_journal };
            if matches!(call.kind, Kind::Files | Kind::Process | Kind::Runs) {
                faults.push(Fault::Kill(step()));
            }
            if matches!(call.kind, Kind::Files | Kind::Nothing | Kind::Process) {
                faults.push(Fault::Error(step(), error(call, index)));
            }
            // Other calls are also made by the programs on the way there, which strace counts likewise.
            if call.kind == Kind::Files && !matches!(call.name.as_str(), "write" | "open" | "openat") {
                faults.push(Fault::Power(step()));
            }
        }
        for n in 1..=self.programs {
            faults.extend(Misdeed::ALL.map(|misdeed| Fault::Program(n, misdeed)));
        }
        faults
    }
}

impl<'c, S: Subject> Trial<'c, S> {
    pub(super) fn new(subject: &'c S, course: &'c Course) -> Trial<'c, S> {
        let fakes = Fakes::new(&subject.scratch("fakes"), subject.variant());
        Trial { subject, course, fakes }
    }

    /// Injects the fault, and gives back whether the command was done all the same. `turn` chooses what comes next.
    pub(super) fn inject(&self, fault: &Fault, turn: usize) -> bool {
        let (subject, Course { before, old, new, .. }) = (self.subject, self.course);
        subject.prepare();
        let untouched = subject.untouched();
        let output = self.run(fault);
        if !matches!(fault, Fault::Power(_)) {
            subject.settle();
        }
        let said_at_once = String::from_utf8_lossy(&output.stderr).into_owned();
        let waits = subject.waits();
        if waits {
            assert_eq!(differing(new, &subject.state()), [""; 0], "{fault:?}\n{output:?}");
        }
        // Who lives to say that it failed has put everything back.
        let lives = matches!(fault, Fault::Error(..) | Fault::Program(..)) && !output.status.success();
        let at_once = lives.then(|| subject.state());
        let next = subject.next(turn).output().expect("the next command runs");
        let context = || format!("{fault:?}\n{output:?}\nthe next command: {next:?}");
        assert!(next.status.success(), "{}", context());
        let said = said_at_once + &String::from_utf8_lossy(&next.stdout);
        let mut state = subject.state();
        if state != *old && state != *new && kept(&state) == kept(new) {
            // It was decided, and what nobody waits for is left to the next one: sets that are not used any more.
            let again = subject.again().output().expect("the command runs");
            assert!(again.status.success(), "{}\n{again:?}", context());
            state = subject.state();
        }
        if waits || state == *old {
            assert_eq!(differing(old, &state), [""; 0], "{}", context());
        } else {
            assert_eq!(differing(new, &state), [""; 0], "{}", context());
        }
        assert_eq!(differing(&untouched, &subject.untouched()), [""; 0], "{}", context());
        let is_new = waits || state == *new;
        if let Some(at_once) = at_once.filter(|_| !is_new) {
            assert_eq!(differing(before, &at_once), [""; 0], "{}", context());
        }
        self.check_exit(fault, &output, is_new);
        if let Fault::Kill(Step { in_journal: true, .. }) = fault
            && !is_new
        {
            assert!(
                CUT_OFF.iter().any(|words| said.contains(words)),
                "nobody tells that the command was cut off: {}",
                context()
            );
        }
        if let Fault::Power(Step { in_journal: true, .. }) = fault
            && !is_new
        {
            assert!(said.contains("\"restarted\""), "the next command does not tell of it: {}", context());
        }
        let left = leftovers::find(subject.netns(), subject.root());
        assert!(left.is_empty(), "left over: {left:?}\n{}", context());
        is_new
    }

    fn run(&self, fault: &Fault) -> Output {
        let command = |wrapper: &[String]| self.subject.command(wrapper, &[]);
        let injected = |step: &Step, what: &str, options: &[&str]| {
            let trace = format!("trace={}", step.call);
            let inject = format!("inject={}:{what}:when={}", step.call, step.n);
            strace(&[options, &["-o", "/dev/null", "-e", &trace, "-e", &inject]].concat())
        };
        let mut command = match fault {
            Fault::Kill(step) => command(&injected(step, "signal=KILL", &[])),
            Fault::Error(step, error) => command(&injected(step, &format!("error={error}"), &[])),
            Fault::Power(step) => {
                let mut wrapper = injected(step, "signal=KILL", &["-f"]);
                let unshare = ["unshare", "--mount", "--pid", "--fork", "sh", "-c", OWN_PROC, "sh"];
                wrapper.extend(unshare.map(str::to_owned));
                command(&wrapper)
            }
            Fault::Program(n, misdeed) => {
                self.fakes.arm(*n, *misdeed);
                self.subject.command(&[], &self.fakes.options(fault.hangs()))
            }
        };
        command.output().expect("the command runs")
    }

    /// What the command says of itself must be true.
    fn check_exit(&self, fault: &Fault, output: &Output, is_new: bool) {
        let killed = output.status.signal() == Some(9) || output.status.code() == Some(137);
        match fault {
            // A count can differ from run to run by a thread's doing.
            Fault::Kill(_) => assert!(killed || is_new, "{fault:?}: {output:?}"),
            // `unshare` cannot end as its child did.
            Fault::Power(_) => assert!(!output.status.success() || is_new, "{fault:?}: {output:?}"),
            Fault::Error(..) | Fault::Program(..) => {
                assert!(is_new || !output.status.success(), "{fault:?}: {output:?}");
                assert_ne!(output.status.code(), Some(6), "{fault:?}: {output:?}");
            }
        }
    }
}

/// The part of a state by which a command that was decided is known.
fn kept(state: &str) -> &str {
    state.lines().last().unwrap_or_default()
}

fn strace(options: &[&str]) -> Vec<String> {
    ["strace", "-qq"].iter().chain(options).map(|word| (*word).to_owned()).collect()
}

/// An error that the call can have; each in its turn.
fn error(call: &Call, index: usize) -> &'static str {
    let errors: &[&str] = match call.name.as_str() {
        // That something is not there is no failure to whoever removes it.
        "unlink" | "unlinkat" | "rmdir" => &["EROFS", "EIO"],
        "write" | "ftruncate" => &["ENOSPC", "EIO"],
        "fsync" => &["EIO", "ENOSPC"],
        "flock" => &["ENOLCK"],
        "clone" | "clone3" => &["EAGAIN", "ENOMEM"],
        _ => &["ENOSPC", "EROFS", "ENOENT"],
    };
    errors[index % errors.len()]
}
