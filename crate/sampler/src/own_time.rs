//! What of a thread's time is the guest's own, where samples wait for the guest to look at the epoch.
//!
//! A tick that comes while the host runs is seen when the guest is back, and would make waiting look like computing.
//! So such ticks are no samples, and what was used meanwhile is told of apart, as if it had all come first: then the
//! next sample stands for the guest's own time since the sample before, however it was cut up.
//!
//! ```text
//! ticks       |     |     |     |     |     |           |     |     |     |     |     |
//! thread    ggg░░░░░░░░░░gggg░░░░░░░░ggg        as     ░░░░░░░░░░░░░░░░░░gggggggggg
//! samples                               ↑              away             ↑         ↑
//! ```
//!
//! A tick that the guest had no time to look at before it called the host stays its own.
//! Times of the wall tell which CPU time is whose, since they cost less to read: the guest has used no more than it
//! had of the wall's.

use std::cell::Cell;

pub struct OwnTime {
    /// When the guest went on; `None` while it doesn't run.
    since: Cell<Option<u64>>,
    /// Ticks when it was left.
    left_at_tick: Cell<u64>,
    /// … and when it was suspended.
    suspended_at_tick: Cell<u64>,
    /// Whether it was then in its own code, rather than in a host call.
    suspended_running: Cell<bool>,
    /// One of them was its own, and not sampled yet.
    owes_sample: Cell<bool>,
    has_run: Cell<bool>,
    /// Its wall time since the last sample.
    wall_ns: Cell<u64>,
    /// Wall time for which it may still have used CPU time.
    credit_ns: Cell<u64>,
    cpu_ns: Cell<u64>,
    /// CPU time of others that was not told of yet.
    away_cpu_ns: Cell<u64>,
    interval_ns: u64,
}

/// Time that wasn't the guest's.
#[derive(Debug, PartialEq, Eq)]
pub struct Away {
    /// When it had all come before the guest's own.
    pub until_ns: u64,
    pub cpu_ns: u64,
}

impl OwnTime {
    pub fn new(interval_ns: u64, tick: u64) -> Self {
        Self {
            since: Cell::default(),
            left_at_tick: Cell::new(tick),
            suspended_at_tick: Cell::default(),
            suspended_running: Cell::default(),
            owes_sample: Cell::default(),
            has_run: Cell::default(),
            wall_ns: Cell::default(),
            credit_ns: Cell::default(),
            cpu_ns: Cell::default(),
            away_cpu_ns: Cell::default(),
            interval_ns,
        }
    }

    fn add_wall(&self, ns: u64) {
        self.wall_ns.set(self.wall_ns.get().saturating_add(ns));
        self.credit_ns.set(self.credit_ns.get().saturating_add(ns));
    }

    /// The guest is left, at that tick; `owes_sample` when it hasn't looked at one.
    #[inline]
    pub fn leave(&self, now_ns: u64, tick: u64, owes_sample: bool) {
        let Some(since) = self.since.take() else {
            return;
        };
        self.has_run.set(true);
        self.add_wall(now_ns.saturating_sub(since));
        self.left_at_tick.set(tick);
        self.owes_sample.set(owes_sample);
    }

    /// The guest goes on. Whether ticks came meanwhile, of which those that were nobody's are to be forgotten.
    #[inline]
    pub fn enter(&self, now_ns: u64, tick: u64) -> Option<Missed> {
        if self.since.get().is_some() {
            return None;
        }
        self.since.set(Some(now_ns));
        if tick == self.left_at_tick.get() {
            return None;
        }
        Some(Missed {
            tell: self.has_run.get(),
            forget: !self.owes_sample.get(),
        })
    }

    /// As `leave`; what comes until [`Self::resume`] is not even time of others.
    pub fn suspend(&self, now_ns: u64, tick: u64, owes_sample: bool) {
        self.suspended_running.set(self.since.get().is_some());
        self.leave(now_ns, tick, owes_sample);
        self.suspended_at_tick.set(tick);
    }

    /// The guest goes on where it was suspended: in its own code, or in a host call.
    pub fn resume(&self, now_ns: u64, tick: u64) {
        let skipped = tick - self.suspended_at_tick.get();
        self.left_at_tick.set(self.left_at_tick.get() + skipped);
        if self.suspended_running.take() {
            self.since.set(Some(now_ns));
        }
    }

    /// Divides CPU time that was used since the last call.
    pub fn charge(&self, cpu_ns: u64) {
        let own = cpu_ns.min(self.credit_ns.get());
        let rest = self.credit_ns.get() - own;
        // Time that the guest waited for a processor is no credit for what others use.
        self.credit_ns.set(rest.min(self.interval_ns));
        self.cpu_ns.set(self.cpu_ns.get() + own);
        let away = self.away_cpu_ns.get() + (cpu_ns - own);
        self.away_cpu_ns.set(away);
    }

    /// What is to be told of the time since the last sample that wasn't the guest's.
    pub fn away(&self, now_ns: u64) -> Away {
        Away {
            until_ns: now_ns.saturating_sub(self.wall_ns.get()),
            cpu_ns: self.away_cpu_ns.take(),
        }
    }

    /// At a sample: the guest's own CPU time since the one before, when `cpu_ns` was used since the last call.
    #[inline]
    pub fn sample(&self, now_ns: u64, tick: u64, cpu_ns: u64) -> u64 {
        // In the epoch callback, which is a host call too, it was left already.
        if let Some(since) = self.since.get() {
            self.since.set(Some(now_ns));
            self.add_wall(now_ns.saturating_sub(since));
        }
        self.charge(cpu_ns);
        self.wall_ns.set(0);
        self.left_at_tick.set(tick);
        self.owes_sample.set(false);
        self.cpu_ns.take()
    }
}

/// Ticks that came while the guest was away.
#[derive(Debug, PartialEq, Eq)]
pub struct Missed {
    /// Whether the time is to be told of: before the guest has run it is of no interest.
    pub tell: bool,
    /// Whether none of the ticks is the guest's.
    pub forget: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// A guest that computes for `own` and waits or computes in the host for `host` at a time, ticks each
    /// millisecond: samples, their CPU time, and that of others; `host_cpu` is how much of the host's is CPU time.
    fn turns(turns: u64, own: u64, host: u64, host_cpu: u64) -> (u64, u64, u64, Vec<u64>) {
        let time = OwnTime::new(MS, 0);
        let (mut now, mut cpu, mut charged, mut seen_tick) = (0, 0, 0, 0);
        let (mut samples, mut own_cpu, mut away_cpu) = (0, 0, 0);
        let mut untils = Vec::new();
        let mut go_on = |now: u64, cpu: u64, charged: &mut u64, seen_tick: &mut u64| {
            let Some(missed) = time.enter(now, now / MS) else {
                return;
            };
            if missed.forget {
                *seen_tick = now / MS;
            }
            if missed.tell {
                time.charge(cpu - *charged);
                *charged = cpu;
                let away = time.away(now);
                away_cpu += away.cpu_ns;
                untils.push(away.until_ns);
            }
        };
        go_on(now, cpu, &mut charged, &mut seen_tick);
        for _ in 0..turns {
            // Looks at the epoch at the end of what it does.
            (now, cpu) = (now + own, cpu + own);
            if now / MS != seen_tick {
                seen_tick = now / MS;
                own_cpu += time.sample(now, seen_tick, cpu - charged);
                charged = cpu;
                samples += 1;
            }
            time.leave(now, now / MS, now / MS != seen_tick);
            (now, cpu) = (now + host, cpu + host_cpu);
            go_on(now, cpu, &mut charged, &mut seen_tick);
        }
        (samples, own_cpu, away_cpu, untils)
    }

    #[test]
    fn bursts_between_waits_are_as_many_samples_as_their_time_is() {
        let (samples, own_cpu, away_cpu, untils) = turns(3000, 300_000, 5 * MS + 17_000, 0);
        assert!((800..=1000).contains(&samples), "{samples}");
        assert!(own_cpu > 890 * MS, "{own_cpu}");
        assert!(away_cpu < 2 * MS, "{away_cpu}");
        assert!(untils.is_sorted());
    }

    #[test]
    fn cpu_time_of_the_host_is_not_the_guests() {
        let (samples, own_cpu, away_cpu, _) =
            turns(3000, 300_000, 5 * MS + 17_000, 5 * MS + 17_000);
        assert!((800..=1000).contains(&samples), "{samples}");
        assert!((890 * MS..=905 * MS).contains(&own_cpu), "{own_cpu}");
        assert!(away_cpu > 14_900 * MS, "{away_cpu}");
    }

    #[test]
    fn a_guest_that_calls_nobody_has_all_time() {
        assert_eq!(turns(100, MS, 0, 0), (100, 100 * MS, 0, vec![]));
    }

    #[test]
    fn ticks_of_a_suspension_are_no_time_of_others() {
        let time = OwnTime::new(MS, 0);
        assert_eq!(time.enter(0, 0), None);
        time.leave(MS, 1, false);
        time.suspend(MS, 1, false);
        time.resume(8 * MS, 8);
        assert_eq!(time.enter(8 * MS, 8), None);
        time.leave(9 * MS, 9, false);
        time.suspend(10 * MS, 10, false);
        time.resume(20 * MS, 20);
        let (tell, forget) = (true, true);
        assert_eq!(time.enter(20 * MS, 20), Some(Missed { tell, forget }));
    }

    #[test]
    fn a_guest_that_was_suspended_in_its_own_code_goes_on_there() {
        let time = OwnTime::new(MS, 0);
        assert_eq!(time.enter(0, 0), None);
        time.suspend(MS / 2, 0, false);
        time.resume(9 * MS, 9);
        assert_eq!(time.sample(9 * MS + MS / 2, 10, MS), MS);
        assert_eq!(time.away(10 * MS).cpu_ns, 0);
    }

    #[test]
    fn a_tick_that_came_before_the_call_is_the_guests() {
        let time = OwnTime::new(MS, 0);
        assert_eq!(time.enter(0, 0), None);
        time.leave(MS, 1, true);
        let (tell, forget) = (true, false);
        assert_eq!(time.enter(9 * MS, 9), Some(Missed { tell, forget }));
        assert_eq!(time.sample(9 * MS, 9, MS), MS);
    }
}
