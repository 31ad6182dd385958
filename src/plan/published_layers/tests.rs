//! Clips follow the heavy users of simulated days.

use super::super::kinds::{Kind, Layers};
use super::*;

#[test]
fn the_nearest_numbers_that_never_rise() {
    let equal = |values: &[f64]| -> Vec<(f64, f64)> { values.iter().map(|v| (*v, 1.0)).collect() };
    assert_eq!(never_rising(&equal(&[5.0, 3.0, 4.0, -1.0])), [5.0, 3.5, 3.5, 0.0]);
    assert_eq!(never_rising(&equal(&[1.0, 2.0, 6.0])), [3.0; 3]);
    assert_eq!(never_rising(&[(1.0, 3.0), (5.0, 1.0)]), [2.0; 2]);
    assert!(never_rising(&[]).is_empty());
}

#[test]
fn what_lies_past_a_count_is_read_off_the_layers_and_goes_on_above_them() {
    // A thousand requesters of 40 lookups and a hundred of 80, up to 80.
    let sums: Vec<f64> = (0..16).map(|layer| if layer < 8 { 5_500.0 } else { 500.0 }).collect();
    let day = PublishedLayers { width: 5.0, noise_sd: 1.0, sums };
    let tail = Tail::new(&[&day]);
    assert!((tail.lost(40.0) - tail.lost(80.0) - 4_000.0).abs() < 1e-6);
    assert!((tail.lost(60.0) - tail.lost(80.0) - 2_000.0).abs() < 1e-6);
    // From 20 to 40 lie 22,000 lookups, from 40 to 80 lie 4,000: two elevenths, and so on.
    let thinning = 4_000.0 / 22_000.0;
    assert!((tail.lost(160.0) - 4_000.0 * thinning * thinning).abs() < 1e-6);
    assert!(tail.lost(320.0).abs() < 1e-9 && tail.lost(1e6).abs() < 1e-9);
}

#[test]
fn days_without_evidence_set_no_clip() {
    let day = PublishedLayers { width: 5.0, noise_sd: 1.0, sums: vec![100.0; 16] };
    assert!(next_clip(std::slice::from_ref(&day), 8.0).is_some());
    let broken = [
        PublishedLayers { width: 0.0, ..day.clone() },
        PublishedLayers { noise_sd: f64::NAN, ..day.clone() },
        PublishedLayers { sums: Vec::new(), ..day.clone() },
        PublishedLayers { sums: vec![f64::INFINITY; 16], ..day.clone() },
        // Twenty lookups have a standard deviation of four.
        PublishedLayers { sums: vec![1.25; 16], ..day },
    ];
    assert_eq!(next_clip(&broken, 8.0), None);
    assert_eq!(next_clip(&[], 8.0), None);
}

/// Normal numbers, from a fixed seed.
struct Normal(u64);

impl Normal {
    fn unit(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as f64 + 0.5) / f64::from(1_u32 << 31)
    }

    fn draw(&mut self) -> f64 {
        let (radius, angle) = (self.unit(), self.unit());
        (-2.0 * radius.ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }
}

/// The requesters of a day with how many lookups each makes: lognormal activity of five on average,
/// and where there are bots 120 of them who ask sixty times as much.
fn day(chance: &mut Normal, has_bots: bool) -> Vec<f64> {
    let mean = |bot: bool| if bot && has_bots { 130.0 } else { 2.4 };
    (0..60_000).map(|user| mean(user % 500 == 0) * (1.2 * chance.draw()).exp()).collect()
}

fn measured(requesters: &[f64], clip: Clip, noise: f64, chance: &mut Normal) -> PublishedLayers {
    let layers = Layers::up_to(clip);
    let layering = Layering::of(layers.count, layers.clip(Some(clip), &[]));
    let width = layering.width as f64 / 65_536.0;
    let noise_sd = layering.norm().contributions() * noise;
    let lookups = |layer: u32| -> f64 {
        let low = width * f64::from(layer);
        requesters.iter().map(|lookups| (lookups - low).clamp(0.0, width)).sum()
    };
    let sums = (0..layering.count).map(|layer| lookups(layer) + noise_sd * chance.draw()).collect();
    PublishedLayers { width, noise_sd, sums }
}

/// What the total of 300,000 lookups has at epsilon 1 and its part of the budget: a lookup of clip
/// costs this much noise.
const NOISE: f64 = 7.7;

/// Days of one kind of users, each with a clip that follows from those before.
struct Days {
    chance: Normal,
    days: Vec<PublishedLayers>,
    clip: Clip,
}

impl Days {
    fn new(seed: u64, clip: u32) -> Self {
        Self { chance: Normal(seed), days: Vec::new(), clip: Clip::whole(clip) }
    }

    /// Measures one more day; the square of the error of its total, bounding and noise together.
    fn next(&mut self, has_bots: bool) -> f64 {
        let requesters = day(&mut self.chance, has_bots);
        let clip = self.clip.contributions();
        let lost: f64 = requesters.iter().map(|own| (own - clip).max(0.0)).sum();
        let square = lost.powi(2) + (clip * NOISE).powi(2);
        self.days.insert(0, measured(&requesters, self.clip, NOISE, &mut self.chance));
        self.days.truncate(7);
        self.clip = next_clip(&self.days, NOISE).unwrap();
        square
    }
}

/// The root mean square error of the total from the sixth day to the twentieth over that with the
/// clip of the first day, and the mean clip of those days; of eight logs.
fn learned(has_bots: bool, start: u32) -> (f64, f64) {
    let (mut first, mut later, mut clips) = (0.0, 0.0, 0.0);
    for seed in 1..=8 {
        let mut days = Days::new(seed, start);
        for number in 0..20 {
            let square = days.next(has_bots);
            match number {
                0 => first += square / 8.0,
                5.. => later += square / 120.0,
                _ => {}
            }
            if number >= 5 {
                clips += days.clip.contributions() / 120.0;
            }
        }
    }
    (f64::sqrt(later / first), clips)
}

#[test]
fn the_clip_goes_down_where_nobody_is_heavy() {
    let (error, clip) = learned(false, 300);
    assert!(error < 0.75 && (90.0..250.0).contains(&clip), "{error} {clip}");
}

#[test]
fn the_clip_goes_up_where_bots_are() {
    let (error, clip) = learned(true, 300);
    // The best clip in hindsight is some 900.
    assert!(error < 0.75 && (500.0..1_200.0).contains(&clip), "{error} {clip}");
    // From far below and far above it comes to about the same.
    for start in [40, 3_000] {
        let (error, clip) = learned(true, start);
        assert!(error < 0.75 && (500.0..1_300.0).contains(&clip), "{start}: {error} {clip}");
    }
}

#[test]
fn the_clip_goes_back_when_bots_leave() {
    let mut days = Days::new(9, 300);
    for _ in 0..10 {
        days.next(true);
    }
    let with = days.clip.contributions();
    for _ in 0..10 {
        days.next(false);
    }
    let without = days.clip.contributions();
    assert!(with > 280.0 && without < 220.0, "{with} {without}");
}

#[test]
fn a_day_moves_the_clip_by_a_factor_of_two_at_the_most() {
    let day = |sums: Vec<f64>| PublishedLayers { width: 20.0, noise_sd: 1.0, sums };
    let few = [vec![10_000.0], vec![0.0; 15]].concat();
    let none = next_clip(&[day(few)], 8.0).unwrap();
    assert_eq!(none, Clip::whole(160));
    // Everybody asks as much as counts, and certainly more.
    let all = next_clip(&[day(vec![1e6; 16])], 8.0).unwrap();
    assert_eq!(all, Clip::whole(640));
}
