//! Where simulated people live: countries, their clocks and their numbering plans.
//!
//! The shares are invented but plausible for a messenger. Every number that a plan can write is
//! valid in its country: the prefixes were chosen so that no later digit makes a number invalid
//! (checked with libphonenumber's metadata). A number may belong to a real person by chance.

/// A country: its calling code, its businesses and the parts with a clock of their own.
#[derive(Debug)]
pub(super) struct Country {
    /// ISO 3166 alpha-2.
    #[cfg_attr(not(test), expect(dead_code, reason = "for people and the tests of the table"))]
    pub(super) name: &'static str,
    /// Calling code without `+`.
    pub(super) code: &'static str,
    /// Numbers of businesses and services.
    pub(super) services: Plan,
    /// Share of the people that the messenger reaches.
    pub(super) registered: f64,
    /// Median latency of a lookup from there, in milliseconds.
    pub(super) latency: f64,
    pub(super) homes: &'static [Home],
}

/// A part of a country with one clock and prefixes of its own.
#[derive(Debug)]
pub(super) struct Home {
    /// Share of all people, in thousandths.
    pub(super) share: u16,
    /// IANA time zone.
    pub(super) zone: &'static str,
    pub(super) numbers: Plan,
}

/// National numbers: one of the prefixes, then `digits` digits of which the first is at least
/// `lead`.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) prefixes: &'static [&'static str],
    pub(super) lead: u8,
    pub(super) digits: u8,
}

impl Plan {
    const fn new(prefixes: &'static [&'static str], lead: u8, digits: u8) -> Self {
        Self { prefixes, lead, digits }
    }

    /// How many numbers share one prefix.
    pub(super) fn per_prefix(&self) -> u32 {
        10_u32.pow(u32::from(self.digits) - 1) * (10 - u32::from(self.lead))
    }

    /// How many numbers the plan can write.
    pub(super) fn capacity(&self) -> u32 {
        let prefixes = u32::try_from(self.prefixes.len()).unwrap_or(0);
        self.per_prefix().saturating_mul(prefixes)
    }
}

const fn home(share: u16, zone: &'static str, numbers: Plan) -> Home {
    Home { share, zone, numbers }
}

/// All countries, the largest first; the shares of their homes add up to 1000.
pub(super) static COUNTRIES: [Country; 20] = [
    Country {
        name: "US",
        code: "1",
        services: Plan::new(&["800", "888"], 2, 7),
        registered: 0.52,
        latency: 38.0,
        homes: &[
            home(
                130,
                "America/New_York",
                Plan::new(
                    &[
                        "202", "212", "215", "305", "404", "617", "646", "703", "704", "718",
                        "917", "919",
                    ],
                    2,
                    7,
                ),
            ),
            home(
                80,
                "America/Chicago",
                Plan::new(&["214", "312", "314", "504", "512", "612", "713", "773"], 2, 7),
            ),
            home(25, "America/Denver", Plan::new(&["303", "406", "720", "801"], 2, 7)),
            home(
                65,
                "America/Los_Angeles",
                Plan::new(&["206", "213", "310", "408", "415", "503", "619", "702"], 2, 7),
            ),
        ],
    },
    Country {
        name: "IN",
        code: "91",
        services: Plan::new(&["1800"], 2, 7),
        registered: 0.71,
        latency: 96.0,
        homes: &[home(
            120,
            "Asia/Kolkata",
            Plan::new(&["701", "900", "963", "981", "982", "987", "989", "994"], 0, 7),
        )],
    },
    Country {
        name: "BR",
        code: "55",
        services: Plan::new(&["3003", "4004"], 0, 4),
        registered: 0.76,
        latency: 84.0,
        homes: &[
            home(62, "America/Sao_Paulo", Plan::new(&["119", "219", "319"], 6, 8)),
            home(3, "America/Manaus", Plan::new(&["929"], 6, 8)),
        ],
    },
    Country {
        name: "GB",
        code: "44",
        services: Plan::new(&["330", "333"], 0, 7),
        registered: 0.63,
        latency: 33.0,
        homes: &[home(
            65,
            "Europe/London",
            Plan::new(&["741", "742", "773", "774", "775", "780", "795", "796"], 0, 7),
        )],
    },
    Country {
        name: "DE",
        code: "49",
        services: Plan::new(&["800"], 0, 7),
        registered: 0.58,
        latency: 30.0,
        homes: &[home(
            60,
            "Europe/Berlin",
            Plan::new(
                &["1511", "1512", "1514", "1515", "1516", "1517", "1520", "1522", "1573", "1577"],
                0,
                7,
            ),
        )],
    },
    Country {
        name: "MX",
        code: "52",
        services: Plan::new(&["800"], 2, 7),
        registered: 0.74,
        latency: 71.0,
        homes: &[home(50, "America/Mexico_City", Plan::new(&["331", "551", "554", "811"], 0, 7))],
    },
    Country {
        name: "ID",
        code: "62",
        services: Plan::new(&["1500"], 0, 3),
        registered: 0.66,
        latency: 110.0,
        homes: &[home(
            40,
            "Asia/Jakarta",
            Plan::new(&["8121", "8131", "8521", "8577", "8788", "8961"], 0, 7),
        )],
    },
    Country {
        name: "FR",
        code: "33",
        services: Plan::new(&["800", "805"], 0, 6),
        registered: 0.57,
        latency: 32.0,
        homes: &[home(
            40,
            "Europe/Paris",
            Plan::new(&["60", "61", "62", "66", "67", "76", "77", "78"], 0, 7),
        )],
    },
    Country {
        name: "CA",
        code: "1",
        services: Plan::new(&["905"], 2, 7),
        registered: 0.54,
        latency: 41.0,
        homes: &[
            home(
                25,
                "America/Toronto",
                Plan::new(&["416", "438", "514", "519", "613", "647"], 2, 7),
            ),
            home(10, "America/Vancouver", Plan::new(&["250", "604", "778"], 2, 7)),
        ],
    },
    Country {
        name: "NG",
        code: "234",
        services: Plan::new(&["800"], 2, 7),
        registered: 0.55,
        latency: 150.0,
        homes: &[home(
            30,
            "Africa/Lagos",
            Plan::new(&["703", "706", "802", "803", "805", "806", "813", "816", "903"], 0, 7),
        )],
    },
    Country {
        name: "IT",
        code: "39",
        services: Plan::new(&["800"], 1, 6),
        registered: 0.69,
        latency: 36.0,
        homes: &[home(
            30,
            "Europe/Rome",
            Plan::new(&["320", "328", "333", "338", "339", "340", "347", "348", "349"], 0, 7),
        )],
    },
    Country {
        name: "ES",
        code: "34",
        services: Plan::new(&["900", "902"], 0, 6),
        registered: 0.7,
        latency: 35.0,
        homes: &[home(
            28,
            "Europe/Madrid",
            Plan::new(&["61", "62", "63", "64", "65", "66", "67"], 0, 7),
        )],
    },
    Country {
        name: "PH",
        code: "63",
        services: Plan::new(&["1800"], 1, 8),
        registered: 0.6,
        latency: 118.0,
        homes: &[home(
            25,
            "Asia/Manila",
            Plan::new(&["905", "906", "915", "916", "917", "918", "919", "926", "927"], 0, 7),
        )],
    },
    Country {
        name: "JP",
        code: "81",
        services: Plan::new(&["120"], 0, 6),
        registered: 0.41,
        latency: 52.0,
        homes: &[home(
            22,
            "Asia/Tokyo",
            Plan::new(&["702", "704", "803", "805", "809", "901", "902", "904", "906"], 0, 7),
        )],
    },
    Country {
        name: "TR",
        code: "90",
        services: Plan::new(&["444"], 0, 4),
        registered: 0.67,
        latency: 61.0,
        homes: &[home(
            20,
            "Europe/Istanbul",
            Plan::new(&["505", "506", "507", "530", "532", "533", "535", "541", "542"], 0, 7),
        )],
    },
    Country {
        name: "PL",
        code: "48",
        services: Plan::new(&["800", "801"], 0, 6),
        registered: 0.59,
        latency: 34.0,
        homes: &[home(
            18,
            "Europe/Warsaw",
            Plan::new(&["50", "51", "60", "66", "69", "72", "78", "79", "88"], 0, 7),
        )],
    },
    Country {
        name: "ZA",
        code: "27",
        services: Plan::new(&["800", "860"], 0, 6),
        registered: 0.68,
        latency: 125.0,
        homes: &[home(
            15,
            "Africa/Johannesburg",
            Plan::new(&["71", "72", "73", "74", "76", "78", "79", "82", "83", "84"], 0, 7),
        )],
    },
    Country {
        name: "AU",
        code: "61",
        services: Plan::new(&["13"], 1, 4),
        registered: 0.5,
        latency: 92.0,
        homes: &[
            home(
                12,
                "Australia/Sydney",
                Plan::new(
                    &["402", "403", "410", "411", "412", "413", "414", "416", "417", "421"],
                    0,
                    6,
                ),
            ),
            home(3, "Australia/Perth", Plan::new(&["400", "408", "409", "418", "427"], 0, 6)),
        ],
    },
    Country {
        name: "NL",
        code: "31",
        services: Plan::new(&["800", "900"], 0, 4),
        registered: 0.64,
        latency: 28.0,
        homes: &[home(12, "Europe/Amsterdam", Plan::new(&["61", "62", "63", "64", "65"], 0, 7))],
    },
    Country {
        name: "KR",
        code: "82",
        services: Plan::new(&["1544", "1577", "1588"], 0, 4),
        registered: 0.45,
        latency: 49.0,
        homes: &[home(
            10,
            "Asia/Seoul",
            Plan::new(&["102", "103", "104", "106", "107", "108", "109"], 0, 7),
        )],
    },
];
