//! Mistakes on purpose: a simulation that does not notice them would prove nothing.

use crate::ground;
use crate::model::Mistake;
use crate::world::World;

#[test]
fn a_wrong_model_is_noticed() {
    for mistake in [
        Mistake::CommitForgetsTheCharge,
        Mistake::VoidKeepsTheCharge,
        Mistake::EmptyKeepsTheCharge,
        Mistake::EmptyFreesTheLook,
        Mistake::LooksAgain,
        Mistake::ResumeChargesAgain,
        Mistake::RedrawChargesAgain,
        Mistake::ChargesOneBlock,
        Mistake::RefusesTheLastBit,
        Mistake::ForgetsTheCap,
    ] {
        let noticed = (0..200).find(|seed| World::run(*seed, mistake).is_err());
        assert!(noticed.is_some(), "{mistake:?} passed for the ledger");
    }
}

#[test]
fn a_ledger_that_was_edited_is_noticed() {
    for sql in [
        "UPDATE blocks SET spent = spent - 1 WHERE day = '2026-03-01'",
        "UPDATE blocks SET key_delta_spent = 3 WHERE day = '2026-03-01'",
        "UPDATE entries SET state = 'drawn' WHERE id = 1",
    ] {
        let folder = ground::folder();
        let mut ledger = ground::open(folder.path(), std::time::Duration::ZERO).unwrap();
        ledger.reserve(&ground::asking(0, 20, 0)).unwrap();
        ledger.verify().unwrap();
        drop(ledger);
        let by_hand = rusqlite::Connection::open(ground::path(folder.path())).unwrap();
        assert_eq!(by_hand.execute(sql, []).unwrap(), 1, "{sql}");
        drop(by_hand);
        let ledger = ground::open(folder.path(), std::time::Duration::ZERO).unwrap();
        let error = ledger.verify().unwrap_err();
        assert_eq!(error.kind(), pointillist::Kind::Refused, "{sql}: {error}");
    }
}
