"""Draws the load of the demo's week: what was published with its intervals, beside an exact count.

    python notebooks/week.py DEMO_FOLDER FIGURE.svg

The exact count comes from the demo's simulated logs. Of real logs nobody may show it.
"""

import pathlib
import sys

import duckdb

WIDTH, HEIGHT = 960, 340
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 58, 40
STYLE = """
  text { font: 13px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #24292f }
  .title { font-size: 16px; font-weight: 600 }
  .sheet { fill: #ffffff; stroke: #d0d7de }
  .grid { stroke: #e4e8ec }
  .interval { fill: #9cc4f0; fill-opacity: 0.55 }
  .value { fill: none; stroke: #0a58b0; stroke-width: 1.8 }
  .truth { fill: #c2410c }
"""


def main():
    demo, figure = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    figure.write_text(draw(hours(demo)))


def hours(demo):
    """Day, hour, value, ends of the interval, and exact count of every hour of the week."""
    duckdb.sql("SET TimeZone = 'UTC'")
    return duckdb.sql(f"""
        WITH counted AS (
            SELECT CAST(CAST(requested_at AS TIMESTAMP) AS DATE) AS day, hour(CAST(requested_at AS TIMESTAMP)) AS hour,
                   count(*) AS truth
            FROM read_parquet('{demo}/_demo/lookups/*/*.parquet', hive_partitioning = false) GROUP BY ALL
        )
        SELECT day, hour, value, ci_low, ci_high, truth
        FROM read_parquet('{demo}/volume_by_hour/*/*.parquet', hive_partitioning = true) JOIN counted USING (day, hour)
        ORDER BY day, hour
    """).fetchall()


def draw(rows):
    """The figure as SVG, which is the same for the same rows."""
    step = 5_000
    most = -(-max(high for *_, high, _ in rows) // step) * step
    x = lambda place: LEFT + (place + 0.5) * (WIDTH - LEFT - RIGHT) / len(rows)
    y = lambda value: HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM) / most
    at = lambda place, value: f"{x(place):.1f},{y(value):.1f}"
    places = range(len(rows))
    parts = [f'<rect class="sheet" x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="6"/>',
             f'<text class="title" x="{LEFT}" y="26">Lookups per hour of the demo’s week</text>']
    for value in range(0, most + 1, step):
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,}</text>')
    for place, (day, hour, *_) in enumerate(rows):
        if hour == 0:
            parts.append(f'<line class="grid" x1="{x(place):.1f}" x2="{x(place):.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
            parts.append(f'<text x="{x(place + 12):.1f}" y="{HEIGHT - 16}" text-anchor="middle">{day:%a %-d %b}</text>')
    lows = [at(place, rows[place][3]) for place in places]
    highs = [at(place, rows[place][4]) for place in places]
    parts.append(f'<polygon class="interval" points="{" ".join(lows + highs[::-1])}"/>')
    parts.append(f'<polyline class="value" points="{" ".join(at(place, rows[place][2]) for place in places)}"/>')
    parts += [f'<circle class="truth" cx="{x(place):.1f}" cy="{y(rows[place][5]):.1f}" r="1.9"/>' for place in places]
    parts += legend()
    name = "Published lookups per hour of one week with 95 % intervals, and the exact counts"
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}">\n'
            f"<title>{name}</title>\n<style>{STYLE}</style>\n" + "\n".join(parts) + "\n</svg>\n")


def legend():
    """What line, band and dots mean, above the figure on the right."""
    y = 22
    return [f'<line class="value" x1="430" x2="452" y1="{y}" y2="{y}"/>', f'<text x="459" y="{y + 4}">published</text>',
            f'<rect class="interval" x="545" y="{y - 7}" width="22" height="14"/>',
            f'<text x="574" y="{y + 4}">its 95 % interval</text>',
            f'<circle class="truth" cx="705" cy="{y}" r="3"/>',
            f'<text x="715" y="{y + 4}">exact count (simulated logs)</text>']


main()
