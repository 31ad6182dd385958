//! x
use pointillist::simulate::*;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let format = match a[1].as_str() { "csv" => Format::Csv, "ndjson" => Format::Ndjson, "arrow" => Format::Arrow, _ => Format::Parquet };
    let s = Settings { start: a.get(6).map_or("2025-03-03".into(), String::clone).parse().unwrap(), days: a[4].parse().unwrap(), lookups_per_day: a[2].parse().unwrap(), requesters: a[3].parse().unwrap(), seed: 1, format };
    let t = std::time::Instant::now();
    let out = std::path::PathBuf::from(&a[5]);
    let r = write(&s, &out, &|_| {}).unwrap();
    let e = t.elapsed().as_secs_f64();
    let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{r:?} {e:.2} s {:.2} M/s\n", r.lookups as f64 / e / 1e6).as_bytes());
}
