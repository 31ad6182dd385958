//! Whom a requester asks about: address books, services and strangers.
//!
//! An address book is not stored: slot n of a person's book is computed from (person, n). Every
//! third slot is mutual (if A has B there, B has A there), the others lead to people by how well
//! known they are (about Zipf with exponent 1/2), mostly at home. Low slots are the favourites.

use super::chance::{Chance, Purpose, hash, scale, unit};
use super::population::{Number, Population, SERVICES};

/// Every n-th slot is mutual.
const MUTUAL_EVERY: u64 = 3;
/// Share of the other slots that lead anywhere in the world.
const ABROAD: f64 = 0.15;
/// Share of service lookups that go to the services of another country.
const FOREIGN_SERVICE: f64 = 0.06;

/// The number in one slot of a person's address book.
pub(super) fn contact(population: &Population, person: u32, slot: u64) -> Number {
    let home = population.home_of(person);
    let people = population.settled(home).people;
    if slot.is_multiple_of(MUTUAL_EVERY) {
        // Both ends of (sum - rank) mod people name each other.
        let key = hash(population.seed, Purpose::Contact, u64::MAX - u64::from(home), slot);
        let sum = scale(key, u64::from(people)) as u32;
        let rank = population.rank_of(person);
        let other = if sum >= rank { sum - rank } else { sum + people - rank };
        if other != rank {
            return population.resident(home, other);
        }
    }
    let mut chance = Chance::new(population.seed, Purpose::Contact, u64::from(person), slot);
    if chance.happens(ABROAD) {
        return population.number_of(chance.below(u64::from(population.people)) as u32);
    }
    let fame = chance.unit();
    population.known(home, (f64::from(people) * fame * fame) as u32)
}

/// A business, bank or parcel service that a person writes to.
pub(super) fn service(population: &Population, person: u32, chance: &mut Chance) -> Number {
    let home = if chance.happens(FOREIGN_SERVICE) {
        population.home_of(chance.below(u64::from(population.people)) as u32)
    } else {
        population.home_of(person)
    };
    population.service(home, chance.zipf(u64::from(SERVICES)) as u32)
}

/// A number that no address book gives: mostly a person at home, sometimes a mistyped number.
pub(super) fn stranger(population: &Population, person: u32, chance: &mut Chance) -> Number {
    let home = population.home_of(person);
    if chance.happens(0.1) {
        let place = chance.below(u64::from(population.numbers_of(home))) as u32;
        return population.neighbour(home, place, 0);
    }
    population.resident(home, chance.below(u64::from(population.settled(home).people)) as u32)
}

/// Whether a (requester, target) pair may ask in the evening before the midnight that begins `day`,
/// and not in the morning after it. For other pairs it is the other way round, so that a cached
/// answer lasts across midnight although days are made independently.
pub(super) fn asks_before(population: &Population, person: u32, number: Number, day: i64) -> bool {
    let pair = u64::from(person) << 32 | u64::from(number.0);
    unit(hash(population.seed, Purpose::Midnight, pair, day as u64)) < 0.5
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mutual_slots_are_mutual() {
        let population = Population::new(3, 5_000);
        let mut checked = 0;
        for person in 0..2_000 {
            for slot in [0, 3, 30] {
                let number = contact(&population, person, slot);
                let other = population.person_of(number).unwrap();
                let back = contact(&population, other, slot);
                if other != person && population.home_of(other) == population.home_of(person) {
                    checked += u32::from(back == population.number_of(person));
                }
            }
        }
        // Only the middle of a home, its own partner, has another entry instead.
        assert!(checked >= 5_900, "{checked} of 6000");
    }

    #[test]
    fn most_contacts_live_at_home_and_none_is_out_of_service() {
        let population = Population::new(4, 5_000);
        let mut at_home = 0;
        for person in 0..1_000 {
            for slot in 1..11 {
                let other = population.person_of(contact(&population, person, slot)).unwrap();
                at_home += u32::from(population.home_of(other) == population.home_of(person));
            }
        }
        // At least 85 % of the free slots and all the mutual ones: 0.9 of 10,000.
        assert!((8_900..9_500).contains(&at_home), "{at_home}");
    }
}
