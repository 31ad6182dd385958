//! People, their numbers and their lasting properties.
//!
//! People are numbered from 0; the first ones are the requesters, the rest are only asked about.
//! Nothing is stored per person: home, number, activity, address and registration are computed
//! from (seed, person). Person and number are a bijection, so no number is shared, and a
//! number that belongs to no person is out of service. Who knows whom is in `contacts`.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::chance::{self, Chance, Purpose, hash, scale, unit};
use super::countries::{COUNTRIES, Country, Home, Plan};
use super::scatter::Scatter;

/// People are dealt to homes in rounds of this size, by the shares in thousandths.
const ROUND: usize = 1_000;
/// Fewer rounds would leave too few people in the smallest homes, which get three of each round.
const ROUNDS_MIN: u32 = 65;
/// People per requester: most people in an address book never ask anything themselves.
const PEOPLE_PER_REQUESTER: u32 = 4;
/// Bits of a [`Number`] that hold the place in its home; the bits above hold the home.
const PLACE_BITS: u32 = 27;
/// Services of one country.
pub(super) const SERVICES: u32 = 200;
/// The places from here on are services.
const FIRST_SERVICE: u32 = (1 << PLACE_BITS) - SERVICES;
/// Standard deviation of the logarithm of activity.
const ACTIVITY_SIGMA: f64 = 1.2;
/// Share of requesters that are bots.
const BOT_SHARE: f64 = 0.002;
/// How much busier a bot is.
const BOT_FACTOR: f64 = 60.0;
/// Registrations change at one instant of 2020 to 2039 (microseconds since 1970).
const CHANGES_FROM: i64 = 1_577_836_800_000_000;
const CHANGES_SPAN: u64 = 631_152_000_000_000;
/// Share of services that the messenger reaches.
const SERVICES_REGISTERED: f64 = 0.7;

/// A phone number: its home and its place among the home's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Number(pub(super) u32);

/// The kind of a requester.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Habit {
    /// A person with an address book and a client that caches answers.
    Person,
    /// A bot that walks through consecutive numbers, in service or not.
    Scanner,
    /// A business that writes to one customer after another.
    Campaign,
}

/// What lastingly describes a requester.
#[derive(Debug, Clone, Copy)]
pub(super) struct Requester {
    pub(super) habit: Habit,
    /// Relative number of lookups.
    pub(super) activity: f64,
    /// Entries of the address book.
    pub(super) contacts: u64,
}

/// A home with its place in the numbering of people.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) country: &'static Country,
    pub(super) home: &'static Home,
    /// The home that holds the country's services.
    pub(super) capital: u8,
    /// People per round, and how many people live here in all.
    share: u32,
    pub(super) people: u32,
    /// Those persons of a round who live here, in order.
    members: Vec<u32>,
    numbers: Scatter,
    services: Scatter,
    /// From the rank of fame to the person; requesters are known like everybody else.
    fame: Scatter,
}

/// Everybody who can ask or be asked about.
#[derive(Debug)]
pub(super) struct Population {
    pub(super) seed: u64,
    pub(super) requesters: u32,
    pub(super) people: u32,
    pub(super) homes: Vec<Settled>,
    /// For each person of a round: the home, and how many of the round live there before.
    round: Vec<(u8, u32)>,
}

impl Population {
    pub(super) fn new(seed: u64, requesters: u32) -> Self {
        let rounds = (requesters.saturating_mul(PEOPLE_PER_REQUESTER))
            .div_ceil(ROUND as u32)
            .max(ROUNDS_MIN);
        let mut homes = settle(seed, rounds);
        let mut round = Vec::with_capacity(ROUND);
        for member in 0..ROUND as u32 {
            let next = most_owed(&homes, member + 1);
            if let Some(home) = homes.get_mut(usize::from(next)) {
                round.push((next, home.members.len() as u32));
                home.members.push(member);
            }
        }
        Self { seed, requesters, people: rounds * ROUND as u32, homes, round }
    }

    /// The home of a person.
    pub(super) fn home_of(&self, person: u32) -> u8 {
        self.round[person as usize % ROUND].0
    }

    pub(super) fn settled(&self, home: u8) -> &Settled {
        &self.homes[usize::from(home)]
    }

    /// The number of a person.
    pub(super) fn number_of(&self, person: u32) -> Number {
        self.resident(self.home_of(person), self.rank_of(person))
    }

    /// A person's rank among the people of the same home.
    pub(super) fn rank_of(&self, person: u32) -> u32 {
        let (home, before) = self.round[person as usize % ROUND];
        person / ROUND as u32 * self.settled(home).share + before
    }

    /// The number of the `rank`-th person of a home.
    pub(super) fn resident(&self, home: u8, rank: u32) -> Number {
        Number(u32::from(home) << PLACE_BITS | self.settled(home).numbers.forward(rank))
    }

    /// The number of a person in a home; `fame` 0 is the best known.
    pub(super) fn known(&self, home: u8, fame: u32) -> Number {
        self.resident(home, self.settled(home).fame.forward(fame))
    }

    /// The `step`-th number after another one of the same home, in service or not.
    pub(super) fn neighbour(&self, home: u8, start: u32, step: u32) -> Number {
        let size = self.settled(home).numbers.size;
        let place = (u64::from(start) + u64::from(step)) % u64::from(size);
        Number(u32::from(home) << PLACE_BITS | place as u32)
    }

    /// The number of a country's `rank`-th service; rank 0 is the busiest.
    pub(super) fn service(&self, home: u8, rank: u32) -> Number {
        let capital = u32::from(self.settled(home).capital);
        Number(capital << PLACE_BITS | (FIRST_SERVICE + rank.min(SERVICES - 1)))
    }

    /// How many numbers a home has, in service or not.
    pub(super) fn numbers_of(&self, home: u8) -> u32 {
        self.settled(home).numbers.size
    }

    /// The person behind a number, unless it is out of service or a business.
    pub(super) fn person_of(&self, number: Number) -> Option<u32> {
        let (settled, place) = self.split(number);
        if place >= FIRST_SERVICE {
            return None;
        }
        let rank = settled.numbers.backward(place);
        let member = settled.members.get((rank % settled.share) as usize)?;
        (rank < settled.people).then(|| rank / settled.share * ROUND as u32 + member)
    }

    /// The home and the place of a number.
    fn split(&self, number: Number) -> (&Settled, u32) {
        let place = number.0 & ((1 << PLACE_BITS) - 1);
        (&self.homes[(number.0 >> PLACE_BITS) as usize], place)
    }

    /// The country of a number.
    #[cfg(test)]
    pub(super) fn country_of(&self, number: Number) -> &'static Country {
        self.split(number).0.country
    }

    /// Appends a number in E.164 form.
    pub(super) fn write_number(&self, number: Number, text: &mut impl fmt::Write) -> fmt::Result {
        let (settled, place) = self.split(number);
        write!(text, "+{}", settled.country.code)?;
        if place < FIRST_SERVICE {
            write_national(&settled.home.numbers, place, text)
        } else {
            let place = settled.services.forward(place - FIRST_SERVICE);
            write_national(&settled.country.services, place, text)
        }
    }

    /// Whether the messenger reaches a number at an instant (microseconds since 1970).
    ///
    /// Requesters always are, numbers out of service never. Everybody else may change once, at an
    /// instant of their own; before and after, the country's share is registered.
    pub(super) fn registered(&self, number: Number, at: i64) -> bool {
        let (settled, place) = self.split(number);
        let share = if place >= FIRST_SERVICE {
            SERVICES_REGISTERED
        } else {
            match self.person_of(number) {
                Some(person) if person < self.requesters => return true,
                Some(_) => settled.country.registered,
                None => return false,
            }
        };
        let key = hash(self.seed, Purpose::Registration, u64::from(number.0), 0);
        let change = CHANGES_FROM + scale(key, CHANGES_SPAN) as i64;
        unit(chance::mix(key ^ u64::from(at >= change))) < share
    }

    /// The lasting properties of a requester.
    pub(super) fn requester(&self, person: u32) -> Requester {
        let mut chance = Chance::new(self.seed, Purpose::Requester, u64::from(person), 0);
        let activity = chance.log_normal(ACTIVITY_SIGMA);
        if chance.happens(BOT_SHARE) {
            let habit = if chance.happens(0.5) { Habit::Scanner } else { Habit::Campaign };
            return Requester { habit, activity: activity * BOT_FACTOR, contacts: 0 };
        }
        // Busy people know more people, by the square root of how busy they are.
        let contacts = 70.0 * libm::sqrt(activity) * chance.log_normal(0.5);
        Requester { habit: Habit::Person, activity, contacts: contacts.clamp(4.0, 3_000.0) as u64 }
    }

    /// The client address of a requester; `None` if the service saw none.
    pub(super) fn address_of(&self, person: u32) -> Option<IpAddr> {
        let own = hash(self.seed, Purpose::Address, u64::from(person), 0);
        // One in six shares a carrier's address with others near in the numbering.
        let (key, tag) = if own.is_multiple_of(6) { (person / 16, 2) } else { (person, 1) };
        let mut chance = Chance::new(self.seed, Purpose::Address, u64::from(key), tag);
        match unit(own) {
            kind if kind < 0.01 => None,
            kind if kind < 0.05 => Some(ipv4(&mut chance).to_ipv6_mapped().into()),
            kind if kind < 0.17 => {
                let first = [0x2409_u16, 0x2600, 0x2804, 0x2a01, 0x2a02][chance.below(5) as usize];
                let network = (chance.bits() & 0x0000_ffff_ffff_ffff) | u64::from(first) << 48;
                let address = (u128::from(network) << 64) | u128::from(chance.bits());
                Some(Ipv6Addr::from(address).into())
            }
            _ => Some(ipv4(&mut chance).into()),
        }
    }
}

/// Lays out the homes, still without their members.
fn settle(seed: u64, rounds: u32) -> Vec<Settled> {
    let mut homes = Vec::new();
    for country in COUNTRIES.iter() {
        let capital = homes.len() as u8;
        for home in &country.homes {
            let share = u32::from(home.share);
            homes.push(Settled {
                country,
                home,
                capital,
                share,
                people: share * rounds,
                members: Vec::with_capacity(usize::from(home.share)),
                numbers: Scatter::new(home.numbers.capacity(), seed),
                services: Scatter::new(country.services.capacity(), seed),
                fame: Scatter::new(share * rounds, seed),
            });
        }
    }
    homes
}

/// The home that is owed most when `dealt` people of a round have been dealt.
fn most_owed(homes: &[Settled], dealt: u32) -> u8 {
    let owed = |home: &Settled| {
        i64::from(home.share) * i64::from(dealt) - home.members.len() as i64 * ROUND as i64
    };
    let most = (0..homes.len()).max_by_key(|&at| (owed(&homes[at]), std::cmp::Reverse(at)));
    most.unwrap_or(0) as u8
}

fn write_national(plan: &Plan, place: u32, text: &mut impl fmt::Write) -> fmt::Result {
    let per_prefix = plan.per_prefix();
    let prefix = plan.prefixes[(place / per_prefix) as usize % plan.prefixes.len()];
    let digits = usize::from(plan.digits);
    let least = u32::from(plan.lead) * 10_u32.pow(u32::from(plan.digits) - 1);
    write!(text, "{prefix}{:0digits$}", place % per_prefix + least)
}

/// A public IPv4 address: first octets that hold reserved ranges are left out.
fn ipv4(chance: &mut Chance) -> Ipv4Addr {
    let first = loop {
        let octet = 11 + chance.below(212) as u8;
        if !matches!(octet, 100 | 127 | 169 | 172 | 192 | 198 | 203) {
            break octet;
        }
    };
    let rest = chance.bits().to_le_bytes();
    Ipv4Addr::new(first, rest[0], rest[1], rest[2].clamp(1, 254))
}
