//! What can happen to a ledger, and the word for it in the journal.

use super::state::State;

/// What can happen to a ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The ledger was made, with its terms.
    Created,
    /// What 30 consecutive days may cost together was capped.
    Capped,
    /// An entry was reserved and its blocks charged.
    Reserved,
    /// Noise is about to be drawn, for the first time or again.
    Drawn,
    /// The noisy numbers that the rest is planned from were stored.
    Looked,
    /// The private prefixes that one round found were stored.
    PrefixesFound,
    /// The bytes to publish were stored.
    Committed,
    /// The bytes were written out.
    Published,
    /// The reservation was given up before anything was drawn.
    Voided,
    /// The look shows nobody, and the entry ended with it.
    FoundEmpty,
    /// Files of the logs are about to be deleted or rewritten.
    RetentionBegun,
    /// They were deleted or rewritten.
    RetentionDone,
    /// A legal hold was entered.
    HoldAdded,
    /// A hold got a later end.
    HoldExtended,
    /// A hold was given up before its end.
    HoldLifted,
    /// Rows under holds were sealed before their deletion.
    HoldSealed,
    /// The archives of a hold that ended were deleted.
    HoldPurged,
    /// A custodian opened the archives of an order.
    HoldOpened,
    /// An attempt to open them failed.
    OpeningRefused,
    /// A hold's numbers were entered again, under other rules of numbers.
    HoldRenewed,
    /// From here on, events are hashed with the ledger's key; only ledgers that an earlier version
    /// made have this event.
    Keyed,
    /// From here on, times and numbers are read by other rules.
    RulesChanged,
}

impl Event {
    const ALL: [Self; 22] = [
        Self::Created,
        Self::Capped,
        Self::Reserved,
        Self::Drawn,
        Self::Looked,
        Self::PrefixesFound,
        Self::Committed,
        Self::Published,
        Self::Voided,
        Self::FoundEmpty,
        Self::RetentionBegun,
        Self::RetentionDone,
        Self::HoldAdded,
        Self::HoldExtended,
        Self::HoldLifted,
        Self::HoldSealed,
        Self::HoldPurged,
        Self::HoldOpened,
        Self::OpeningRefused,
        Self::HoldRenewed,
        Self::Keyed,
        Self::RulesChanged,
    ];

    /// The word in the journal.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Capped => "capped",
            Self::Reserved => "reserved",
            Self::Drawn => "drawn",
            Self::Looked => "looked",
            Self::PrefixesFound => "prefixes-found",
            Self::Committed => "committed",
            Self::Published => "published",
            Self::Voided => "voided",
            Self::FoundEmpty => "found-empty",
            Self::RetentionBegun => "retention-begun",
            Self::RetentionDone => "retention-done",
            Self::HoldAdded => "hold-added",
            Self::HoldExtended => "hold-extended",
            Self::HoldLifted => "hold-lifted",
            Self::HoldSealed => "hold-sealed",
            Self::HoldPurged => "hold-purged",
            Self::HoldOpened => "hold-opened",
            Self::OpeningRefused => "opening-refused",
            Self::HoldRenewed => "hold-renewed",
            Self::Keyed => "keyed",
            Self::RulesChanged => "rules-changed",
        }
    }

    /// The event of a word; `None` for a word that this version does not know.
    pub(super) fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.word() == word)
    }

    /// The event that moves an entry into a state.
    pub(super) const fn of(state: State) -> Self {
        match state {
            State::Reserved => Self::Reserved,
            State::Drawn => Self::Drawn,
            State::Committed => Self::Committed,
            State::Published => Self::Published,
            State::Void => Self::Voided,
            State::Empty => Self::FoundEmpty,
        }
    }

    /// The state that an entry is in after the event, if the event moves one.
    pub(super) fn state(self) -> Option<State> {
        State::ALL.into_iter().find(|state| Self::of(*state) == self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_and_states_go_together() {
        for state in State::ALL {
            assert_eq!(Event::of(state).state(), Some(state));
        }
        for event in Event::ALL {
            assert_eq!(Event::parse(event.word()), Some(event));
        }
        assert_eq!(Event::parse("refunded"), None);
    }
}
