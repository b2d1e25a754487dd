//! Whether the next chunk may begin: limits, and what was seen of what they limit.

/// What was seen of a signal.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// Its value.
    Value(f64),
    /// It could not be read, and why.
    Unreadable(String),
}

/// A signal and the values that it may have.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// What it is, for people: `load`.
    pub name: String,
    /// Above this the next chunk waits.
    pub hold: Option<f64>,
    /// Above this the run is paused, with its progress kept, until somebody resumes it.
    pub critical: Option<f64>,
}

/// What the signals allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The next chunk.
    Go,
    /// Nothing now, for this reason; the signals are to be read again.
    Hold(String),
    /// Nothing until somebody resumes the run, for this reason.
    Pause(String),
}

/// What the signals allow, of which each was seen once. A signal that cannot be read holds: nobody knows that it is safe to go on.
pub fn judge(signals: &[(Limit, Seen)]) -> Verdict {
    let mut verdict = Verdict::Go;
    for (limit, seen) in signals {
        let name = &limit.name;
        let (is_critical, why) = match seen {
            Seen::Unreadable(why) => (false, format!("{name} cannot be read: {why}")),
            Seen::Value(value) if value.is_nan() => (false, format!("{name} is no number")),
            Seen::Value(value) => match (limit.critical, limit.hold) {
                (Some(most), _) if *value > most => (true, format!("{name} is {value}, critical is {most}")),
                (_, Some(most)) if *value > most => {
                    (false, format!("{name} is {value}, the limit is {most}"))
                }
                _ => continue,
            },
        };
        if is_critical {
            return Verdict::Pause(why);
        }
        if verdict == Verdict::Go {
            verdict = Verdict::Hold(why);
        }
    }
    verdict
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(hold: f64, critical: Option<f64>) -> Limit {
        Limit { name: "load".into(), hold: Some(hold), critical }
    }

    #[test]
    fn a_signal_within_its_limit_lets_go_on() {
        assert_eq!(judge(&[]), Verdict::Go);
        assert_eq!(judge(&[(load(5.0, Some(9.0)), Seen::Value(5.0))]), Verdict::Go);
    }

    #[test]
    fn a_signal_above_its_limit_holds_and_says_so() {
        let verdict = judge(&[(load(5.0, Some(9.0)), Seen::Value(6.0))]);
        assert_eq!(verdict, Verdict::Hold("load is 6, the limit is 5".into()));
    }

    #[test]
    fn what_cannot_be_read_holds() {
        let unreadable = (load(5.0, None), Seen::Unreadable("permission denied".into()));
        assert_eq!(judge(&[unreadable]), Verdict::Hold("load cannot be read: permission denied".into()));
        assert!(matches!(judge(&[(load(5.0, None), Seen::Value(f64::NAN))]), Verdict::Hold(_)));
    }

    #[test]
    fn a_critical_signal_pauses_whatever_the_others_say() {
        let held = (load(5.0, None), Seen::Value(7.0));
        let critical = (load(5.0, Some(9.0)), Seen::Value(10.0));
        let verdict = judge(&[held, critical]);
        assert_eq!(verdict, Verdict::Pause("load is 10, critical is 9".into()));
    }
}
