"""The estimates of docs/mechanisms.md, sections 6 to 9, in another language: everything after the noise is drawn (numpy alone).

Axes, levels, tables: an axis is (name, size, block, whether it is the bins of a number). A level is a tuple of (axis, depth): depth 1 of an axis with blocks is its
blocks, depth 2 its values; an axis without blocks has depth 1 only. A table is a tuple of axis names, measured at full depth;
in the plan BLOCKS stands behind the axes of one that is measured by blocks of the bins of its number.
Cells of a level are numbered in mixed radix, first axis most significant; axes stand in the order in which they are declared.

    python3 tests/golden/activity_and_shapes.py tests/golden/activity_and_shapes.json
"""
import itertools, json, math, sys
import numpy as np

K = 10
BLOCKS = ('blocks',)
NODES = np.array([8.0 * 4**k for k in range(K)])
LOOK = .15                                  # of rho
EMPTY = 4.0                                   # deviations of the look's noise
KAPPAS = np.array([.08, .11, .16, .22, .31, .44, .62, .8, 1.])
KAPPA_FIRST = .31                             # least clip of the first class: 0.163 of rho for a pair
KEPT, BEND = 1.2, .5                          # share kept by a clip; what a clip bends
FINE, SINGLE, MARGINS, NUMBER = 1.2, 2., .2, .6   # when tables of several axes and of one are measured; what margins and the number get
WEIGHT = dict(shape=1., single=.25)           # weights of questions in the budget
# look
GRID_LOW, GRID_STEP, SURE = 1e-9, .05, 12.
RATIO, FALL, SPREAD, WIDEST, SECOND, FREEDOM, TAIL, KNOWN, ENDS, REACH = -2., .2, .6, 1.3, 2., 10., .015, .25, .2, .5
# shapes
PHIS = (.03, .06, .12, .25, .5, 1.)
PHI_UNSEEN = (.8, .25)                         # levels of rank 1, others
INSIDE, EVEN = -1., .5                        # power of phi that it is expected by in levels with values of a block; the same in the first class
OPEN, OPEN_FROM = .5, 2                       # the same for the model of the parts of a condition alone; from this class on
TREND, TREND_MOST = .5, 4.
SAMPLING, LEAST, SHARED = .1, 1e-4, 20
RARE = .025 * SAMPLING                        # requesters of a cell
# intervals
Z = ZM = 1.959963984540054
WEEK_LOW, WEEK_HIGH, WEEK_MOST, DROP = .6, .4, .25, .3
PHI_VALUE = .25
MOST_OF_RANGE = .5                            # that the interval of an informative share, mean or quantile takes up


# ---------------------------------------------------------------- the look
def look_noise(rho): return 1 / math.sqrt(2 * LOOK * rho)
def is_empty(y, s): return max(y) < EMPTY * s
def again(y, s, tables, noisy):
    "the look's numbers and those that the plan measured once more, weighted; and their deviations"
    y, s = np.array(y, float), np.full(K, s) if np.isscalar(s) else s
    for k in range(K):
        if () in tables[k]: v = 1 / (2 * tables[k][()][1]); a = s[k]**2; y[k] = (y[k] * v + float(np.asarray(noisy[k][()]).sum()) * a) / (v + a); s[k] = math.sqrt(v * a / (v + a))
    return y, s
def numbers(y, sd):
    "posterior of each class' number: value, down, up, known. sd: one for all or by class"
    sds = np.full(K, float(sd)) if np.isscalar(sd) else np.asarray(sd, float); s = float(sds.max())
    n = int(math.ceil((math.log((SURE + 3) * s) - math.log(GRID_LOW)) / GRID_STEP))
    g = math.log(GRID_LOW) + GRID_STEP * np.arange(n); N = np.exp(g)
    value, down, up, known = np.zeros(K), np.zeros(K), np.zeros(K), np.zeros(K, bool); L = V = step = lookups = 0.; lives = 1.
    for k in range(K):
        before, spread = L, V; s = float(sds[k])
        if y[k] > SURE * s:
            value[k] = y[k]; down[k] = up[k] = Z * s; L, V = math.log(y[k]), (s / y[k])**2; lives = 1.; known[k] = True
        else:
            like = -.5 * ((y[k] - N) / s)**2; prior = np.ones(n)
            if k > 0:
                centre = before + (RATIO if k == 1 else min(step - FALL, (step + RATIO) / 2))
                scale = SECOND if k == 1 else min(math.sqrt(spread + SPREAD**2), WIDEST)
                prior = (1 + ((g - centre) / scale)**2 / FREEDOM)**(-(FREEDOM + 1) / 2)
            m = like.max(); w = prior * np.exp(like - m); some = w.sum() / prior.sum(); none = math.exp(-.5 * (y[k] / s)**2 - m); w = w / w.sum(); c = np.cumsum(w)
            if k > 0: a = lives * (1 - ENDS); lives = a * some / (a * some + (1 - a) * none)
            L = float((w * g).sum()); V = float((w * (g - L)**2).sum()); value[k] = lives * math.exp(L)
            low = 0. if 1 - lives > TAIL else N[np.searchsorted(c, (TAIL - (1 - lives)) / lives)]
            down[k] = max(value[k] - low, 0.); up[k] = max(N[min(np.searchsorted(c, 1 - TAIL), n - 1)] - value[k], 0.); known[k] = V <= KNOWN and 1 - lives <= TAIL
        if k > 0: step = L - before
        if k > 0 and not known[k]: part = min(REACH * lookups / NODES[k], 1.); value[k] *= part; down[k] *= part; up[k] *= part
        lookups += NODES[k] * value[k]
    return value, down, up, known


# ---------------------------------------------------------------- levels
class Axes:
    def __init__(self, axes): self.list = [tuple(a) for a in axes]; self.size = {a[0]: a[1] for a in axes}; self.block = {a[0]: a[2] for a in axes}; self.place = {a[0]: i for i, a in enumerate(axes)}; self.number = {a[0] for a in axes if a[3]}; self.splits = {a[0] for a in axes if a[4]}
    def deepest(self, a): return 2 if self.block[a] else 1
    def full(self, table): return tuple((a, 1 if a in self.number and BLOCKS[0] in table else self.deepest(a)) for a in self.names(table))
    def names(self, table): return sorted((a for a in table if a != BLOCKS[0]), key=self.place.get)
    def blocked(self, table): return table + BLOCKS if any(a in self.number for a in table) else table
    def length(self, a, depth): return -(-self.size[a] // self.block[a]) if self.block[a] and depth == 1 else self.size[a]
    def cells(self, level): return math.prod(self.length(a, d) for a, d in level)
    def rank(self, level): return sum(d for _, d in level)
    def below(self, level):
        "all levels that are as coarse or coarser, this one last; coarse ones first"
        out = [tuple((a, d) for (a, _), d in zip(level, ds) if d) for ds in itertools.product(*[range(d + 1) for _, d in level])]
        return sorted((l for l in out if l), key=self.key)
    def key(self, level): return (self.rank(level), tuple((self.place[a], d) for a, d in level))
    def within(self, q, s): d = dict(s); return all(a in d and d[a] >= x for a, x in q)
    def map(self, s, q):
        "for each cell of level s the cell of the coarser level q"
        grid = np.indices([self.length(a, d) for a, d in s]).reshape(len(s), -1) if s else np.zeros((0, 1), int); at = {a: (grid[i], d) for i, (a, d) in enumerate(s)}
        out = np.zeros(grid.shape[1], int)
        for a, d in q:
            v, ds = at[a]
            if d < ds: v = v // self.block[a]
            out = out * self.length(a, d) + v
        return out


# ---------------------------------------------------------------- plan
def kept(kappa): return 1. if kappa >= 1 else math.tanh(KEPT * kappa)
def clip(cells, number, rho, k):
    "square of the expected relative error of a cell, and the place of the best clip in KAPPAS"
    best = None
    for i, kappa in enumerate(KAPPAS):
        if k == 0 and kappa < KAPPA_FIRST: continue
        e = (kappa / math.sqrt(2 * rho) * cells / (max(number, 1e-9) * kept(kappa)))**2 + (BEND * (1 - kept(kappa)))**2
        if best is None or e < best[0]: best = (e, i)
    return best
def plan(axes, value, questions):
    "questions: [(table, rho)]. For each class {table: (place in KAPPAS, rho)}"
    classes = []
    for k in range(K):
        want = {}
        def add(t, r): t = tuple(axes.names(t)) + (BLOCKS if BLOCKS[0] in t else ()); want[t] = want.get(t, 0.) + r
        error = lambda t, r: clip(axes.cells(axes.full(t)), value[k], r, k)[0]
        def measure(t, r):
            "by blocks where there are some, and half by bins if these stand out"
            if axes.blocked(t) == t: add(t, r)
            elif error(t, r / 2) <= (FINE if len(t) > 1 else SINGLE)**2: add(t, r / 2); add(axes.blocked(t), r / 2)
            else: add(axes.blocked(t), r)
        for table, rho in questions:
            d = len(table)
            if d == 0: add((), rho)
            elif d > 1 and error(axes.blocked(table), (1 - MARGINS) * rho) <= FINE**2:
                measure(table, (1 - MARGINS) * rho)
                for a in table: measure((a,), MARGINS * rho / d)
            else:
                for z in range(min(d, max(d - 1, 1)), -1, -1):
                    subsets = list(itertools.combinations(table, z))
                    if z == 0 or sum(error(axes.blocked(t), rho / len(subsets)) for t in subsets) / len(subsets) <= (FINE if z > 1 else SINGLE)**2: break
                if z == 0:
                    for a in table: measure((a,), (1 - NUMBER) * rho / d)
                    add((), NUMBER * rho)
                else:
                    for t in subsets: measure(t, rho / len(subsets))
        classes.append({t: (clip(axes.cells(axes.full(t)), value[k], r, k)[1] if t else len(KAPPAS) - 1, r) for t, r in want.items()})
    return classes
def split(rho, questions):
    "what each question that is answered from shapes, or by a count of its own, gets: weights are WEIGHT times the user's"
    total = sum(questions); return [(1 - LOOK) * rho * w / total for w in questions]


# ---------------------------------------------------------------- shapes
def observations(axes, tables, noisy, number):
    "{level: (sums, variance)} of one class"
    out = {}
    for t in sorted((t for t in tables if t), key=lambda t: (len(axes.names(t)), [axes.place[a] for a in axes.names(t)], BLOCKS[0] in t)):
        i, rho = tables[t]; y = np.asarray(noisy[t], float); sigma = KAPPAS[i] / math.sqrt(2 * rho); total = y.sum(); full = axes.full(t); m = len(y)
        if KAPPAS[i] >= 1: gain = 1.
        elif total > 5 * sigma * math.sqrt(m): gain = min(max(number / total, 1.), 1 / KAPPAS[i])
        else: gain = 1 / kept(KAPPAS[i])
        for s in axes.below(full):
            n = axes.cells(s); a = np.bincount(axes.map(full, s), y, n) * gain; v = np.bincount(axes.map(full, s), minlength=n) * (sigma * gain)**2
            if s in out: a0, v0 = out[s]; a, v = (a0 * v + a * v0) / (v + v0), v * v0 / (v + v0)
            out[s] = (a, v)
    return out
def bases(axes, s, m):
    "what the spread of a cell is measured by"
    rest = tuple(x for x in s if x[0] not in axes.splits)
    if any(a in axes.number for a, _ in s): return m * (m + m.mean())
    if rest and rest != s: whole = np.bincount(axes.map(s, rest), m)[axes.map(s, rest)]; return m * (whole - m) + (whole / 2)**2
    return (m + m.mean() / 2)**2
def to_sum(a, var, M):
    "cells that add up to M, none below the least: what is below it is taken off the others by the variance that noise left them"
    least = LEAST * M / len(a); up = np.ones(len(a), bool)
    if a.sum() > 0: a = a * (M / a.sum())
    while True:
        s = var[up].sum(); off = (a[up].sum() + least * (~up).sum() - M) / s if s > 0 else 0.; x = np.where(up, a - off * var, least); low = up & (x < least)
        if not low.any(): x = np.maximum(x, least); return x * (M / x.sum())
        up &= ~low
def smooth(P, size, block):
    "the part of an even share of its block that each bin has, by a monotone cubic through the blocks' sums; the last value stands alone"
    P = P[:(size - 1) // block]; f = np.ones(size); x = np.arange(block + 1) / block
    for j, p in enumerate(P):
        d = [2 * q / max(p + q, 1e-300) for q in (P[j - 1] if j else 0., P[j + 1] if j + 1 < len(P) else 0.)]
        F = (x**3 - 2 * x**2 + x) * d[0] + 3 * x**2 - 2 * x**3 + (x**3 - x**2) * d[1]; f[j * block:(j + 1) * block] = np.diff(F) * block
    return f
def shapes(axes, tables, noisy, value, tops):
    "tables, noisy: by class {table: ..}; tops: tables that no other one holds. {level: (p, lam, noise, model) as K x cells}"
    tops = [axes.full(t) for t in tops]
    levels = sorted({s for t in tops for s in axes.below(t)}, key=axes.key); home = {s: next(t for t in tops if axes.within(s, t)) for s in levels}
    down = {(t, s): axes.map(t, s) for t in tops for s in levels if axes.within(s, t)}
    now = {t: np.full(axes.cells(t), 1 / axes.cells(t)) for t in tops}; own = {s: np.zeros(axes.cells(s)) for s in levels}
    out = {s: [np.zeros((K, axes.cells(s))) for _ in range(4)] for s in levels}
    margin = lambda t, s: np.bincount(down[t, s], now[t], axes.cells(s))
    last = dict(now)
    for k in range(K):
        for t in tops:
            ahead = now[t] * np.clip(now[t] / np.maximum(last[t], 1e-300), 1 / TREND_MOST, TREND_MOST)**TREND if k > 1 else now[t]
            last[t] = now[t]; now[t] = ahead / ahead.sum()
        M = max(value[k], 1e-12); obs = observations(axes, tables[k], noisy[k], value[k]); post = {}
        for s in levels:
            m = margin(home[s], s) * M; n = len(m); base = bases(axes, s, m); cap = M * m; carry = own[s] * M * M; spread = lambda phi: np.minimum(phi * phi * base + SAMPLING * m * (m >= RARE), cap)
            if s in obs:
                y, v = obs[s]; ts = []; logs = []; power = 0. if not any(axes.block[a] and d == 2 for a, d in s) else EVEN if k == 0 and not any(a in axes.number for a, _ in s) else INSIDE
                for phi in PHIS:
                    t = spread(phi) + carry; ts.append(t); logs.append(power * math.log(phi) - .5 * (np.log(t + v).sum() + ((y - m)**2 / (t + v)).sum()))
                weigh = lambda logs: np.exp(logs - logs.max()) / np.exp(logs - logs.max()).sum()
                w = weigh(np.array(logs)); wide = weigh(np.array(logs) + OPEN * np.log(PHIS)) if k >= OPEN_FROM and len(s) == 1 and s[0][0] in axes.splits else w
                lam = sum(a * t / (t + v) for a, t in zip(w, ts)); model = np.maximum(sum(a * t for a, t in zip(wide, ts)) - carry, 0.); a = m + lam * (y - m)
            else: lam, v, a = np.zeros(n), np.zeros(n), m; model = spread(PHI_UNSEEN[0] if axes.rank(s) == 1 else PHI_UNSEEN[1])
            a = to_sum(a, lam * v, M)
            for t in tops:
                if (t, s) in down: now[t] = now[t] * (a / np.maximum(m, 1e-300))[down[t, s]]
            if k == 0 and len(s) == 1 and s[0][0] in axes.number and s[0][1] == 1:
                bins = ((s[0][0], 2),); f = smooth(a, axes.size[s[0][0]], axes.block[s[0][0]])
                for t in tops:
                    if axes.within(bins, t): now[t] = now[t] * f[axes.map(t, bins)]
            post[s] = a; own[s] = lam**2 * v / M**2 + (1 - lam)**2 * (model / M**2 + own[s])
            _, o1, o2, o3 = out[s]; o1[k], o2[k], o3[k] = lam, v / M**2, model / M**2
        for t in tops:
            for s in reversed([s for s in levels if s != t and (t, s) in down]):
                now[t] = now[t] * (post[s] / M / np.maximum(margin(t, s), 1e-300))[down[t, s]]
            now[t] = now[t] / now[t].sum()
            shared = [s for s in levels if (t, s) in down and home[s] != t]; most = [s for s in shared if not any(q != s and axes.within(s, q) for q in shared)]
            for _ in range(0 if not most else 1 if len(most) == 1 else SHARED):
                for s in most: now[t] = now[t] * (margin(home[s], s) / np.maximum(margin(t, s), 1e-300))[down[t, s]]
        for s in levels: out[s][0][k] = margin(home[s], s)
    return out


# ---------------------------------------------------------------- answers
def numbers_part(value, down, up, known, p):
    "p: K x answers, what one requester of each class adds in units of its lookups' share. noise variance, model low and high"
    c = NODES[:, None] * np.abs(p); d = np.where(p > 0, down[:, None], up[:, None]) * c; u = np.where(p > 0, up[:, None], down[:, None]) * c; kn = known
    half = ((d + u)[kn] / 2 / Z)**2; di = np.sqrt((d[kn]**2).sum(0)); du = d[~kn].sum(0); uu = u[~kn].sum(0)
    return half.sum(0), du**2 + 2 * di * du, uu**2
def total(value, down, up, known): v = (NODES * value).sum(); n, l, h = numbers_part(value, down, up, known, np.ones((K, 1))); return interval(np.array([v]), n, l, h, True)
def interval(v, noise, low, high, count):
    lo, hi = v - np.sqrt(Z * Z * noise + low), v + np.sqrt(Z * Z * noise + high)
    return dict(value=v, noise_sd=np.sqrt(noise), low=np.maximum(lo, 0.) if count else lo, high=hi)
def answer(axes, got, look, s, by=None, W=None, offset=None):
    "sums over the cells of level s, times W, for each cell of level `by` (s itself if None; () for one number). offset replaces the value"
    value, down, up, known = look; p, lam, noise, model = got[s]; n = axes.cells(s); by = s if by is None else by; count = W is None
    W = np.ones(n) if W is None else np.asarray(W, float); to = axes.map(s, by); B = axes.cells(by); a = (NODES * value)[:, None]; aw = a * W
    out = np.bincount(to, (aw * p).sum(0), B); N2 = np.zeros(B); M2 = np.zeros(B)
    for q in axes.below(s):
        g = axes.map(s, q); nq = axes.cells(q)
        if q == s: G, cell, ans = aw, np.arange(n), to
        else:
            full = aw * (1 - lam) * p / np.maximum(got[q][0][:, g], 1e-300); pair, inv = np.unique(to * nq + g, return_inverse=True); cell, ans = pair % nq, pair // nq
            G = np.array([np.bincount(inv, full[k], len(pair)) for k in range(K)])
        _, ql, qn, qm = got[q]; acc = np.zeros(len(cell)); nn = np.zeros(len(cell)); mm = np.zeros(len(cell))
        for k in range(K - 1, -1, -1):
            acc = G[k] + acc; nn += acc**2 * ql[k, cell]**2 * qn[k, cell]; acc = acc * (1 - ql[k, cell])
            if nq == 2: M2 += np.bincount(ans, acc * (1. - 2. * cell) * np.sqrt(qm[k, cell]), B)**2   # what one of two cells gains the other loses
            else: mm += acc**2 * qm[k, cell]
        N2 += np.bincount(ans, nn, B); M2 += np.bincount(ans, mm, B)
    P = np.array([np.bincount(to, W * p[k], B) for k in range(K)])
    n2, l2, h2 = numbers_part(value, down, up, known, P); core = ZM**2 * M2
    r = interval(out if offset is None else offset, N2 + n2, core + l2, core + h2, count)
    if count: r['low'] = np.maximum(r['low'] - LEAST * float((NODES * value).sum()) / min(axes.cells(q) for q in axes.below(s)), 0.)
    return r
def share(axes, got, look, s, by, meets):
    "share of the lookups of each `by` cell whose cell of level s meets the condition (0 or 1 for each cell)"
    meets = np.asarray(meets, float); to = axes.map(s, by); B = axes.cells(by); Y = (NODES * look[0]) @ got[s][0]; n = np.maximum(np.bincount(to, Y, B), 1e-9); sh = np.bincount(to, Y * meets, B) / n
    r = answer(axes, got, look, s, by, (meets - sh[to]) / n[to], sh); r['low'] = np.maximum(r['low'], 0.); r['high'] = np.minimum(r['high'], 1.); return r
def quantile(axes, got, look, s, by, at, edges):
    "s: by and the axis of bins (last); the bin after the last edge is `none`. One dict of lists over by cells; of: the fewest lookups that have a number"
    nb = len(edges) - 1; has = np.tile(np.arange(nb + 1) < nb, axes.cells(by)) * 1.; lifted = answer(axes, got, look, s)['noise_sd'].reshape(-1, nb + 1)[:, :nb].sum(1) / math.sqrt(2 * math.pi)
    of = np.maximum(answer(axes, got, look, s, by, has)['low'] - LEAST * float((NODES * look[0]).sum()) - lifted, 0.); Y = ((NODES * look[0]) @ got[s][0]).reshape(-1, nb + 1); out = dict(value=[], low=[], high=[], of=list(of))
    for c, y in enumerate(Y):
        n = max(y[:nb].sum(), 1e-9); F = np.r_[0., np.cumsum(y[:nb]) / n]
        def find(x): return min(max(int(np.searchsorted(F, x)) - 1, 0), nb - 1)
        def inside(j, x): part = min(max((x - F[j]) / max(F[j + 1] - F[j], 1e-300), 0.), 1.); return edges[j] * (edges[j + 1] / edges[j])**part if edges[0] > 0 else edges[j] + (edges[j + 1] - edges[j]) * part
        def off(j): W = np.zeros_like(Y); W[c, :nb] = ((np.arange(nb) <= j) - F[j + 1]) / n; r = answer(axes, got, look, s, (), W.ravel(), np.zeros(1)); return r['low'][0], r['high'][0]
        def first(i, j, side):
            while i < j:
                m = (i + j) // 2
                if F[m + 1] + off(m)[side] >= at: j = m
                else: i = min(m + 1, j)
            return inside(i, at - off(i)[side])
        j = find(at); out['value'].append(inside(j, at)); out['low'].append(first(0, j, 1)); out['high'].append(first(j, nb - 1, 0))
    return out
def means(look, p, y, kappa, rho, low, high):
    "p: K x cells counts' shapes (of rows with a number); y: K x cells noisy sums of (v - low)/(high - low). Mean and sum of each cell"
    value, down, up, known = look; n = p.shape[1]; lam, r, noise, model = (np.zeros((K, n)) for _ in range(4)); own = np.zeros(n)
    for k in range(K):
        count = np.maximum(value[k] * p[k], 1e-12); o, v = y[k] / count, (kappa[k]**2 / (2 * rho)) / count**2
        if k == 0:
            c0 = count.sum(); r0 = y[0].sum() / c0; t0 = v0 = n * kappa[0]**2 / (2 * rho) / c0**2; prior, model[0] = np.full(n, r0), np.full(n, (2 * PHI_VALUE * r0)**2); own = np.full(n, v0)
        else: prior, model[k] = r[k - 1], (PHI_VALUE * r[k - 1])**2
        t = model[k] + own; lam[k] = t / (t + v)
        if k == 0 and n == 1: lam[0] = 1.
        r[k] = prior + lam[k] * (o - prior); noise[k] = v; own = lam[k]**2 * v + (1 - lam[k])**2 * t
    a = NODES[:, None] * value[:, None] * p; N = np.maximum(a.sum(0), 1e-9); mean = (a * r).sum(0) / N
    def spread(G):
        acc = np.zeros(n); nn = np.zeros(n); mm = np.zeros(n)
        for k in range(K - 1, -1, -1): acc = G[k] + acc; nn += acc**2 * lam[k]**2 * noise[k]; mm += acc**2 * (1 - lam[k])**2 * model[k]; acc = acc * (1 - lam[k])
        return nn + acc**2 * v0, mm
    n2, m2 = spread(a / N); w = (r - mean) / N * p; x, l, h = numbers_part(value, down, up, known, w); m = interval(mean, n2 + x, ZM**2 * m2 + l, ZM**2 * m2 + h, False)
    q = Z * m['noise_sd']; m['low'], m['high'], m['value'] = np.clip(np.minimum(m['low'], 1. - q), 0., 1.), np.clip(np.maximum(m['high'], q), 0., 1.), np.clip(m['value'], 0., 1.)
    return {z: low + (high - low) * m[z] if z != 'noise_sd' else (high - low) * m[z] for z in m}
def distinct_clip(cells, value, rho):
    "square of the clip, and at most how many requesters a cell may lose"
    best = None
    for q in [2**i for i in range(63) if 2**i < cells] + [cells]:
        keys = np.minimum(cells, NODES); part = np.maximum(1 - np.sqrt(q / keys), 0.); lost = float((value * part).sum()); mean = float((value * part * keys).sum()) / cells; e = q / (2 * rho) + (mean / 2)**2
        if best is None or e < best[0]: best = (e, q, lost)
    return best[1], best[2]
def distinct(y, q, lost, cells, rho):
    y = np.asarray(y, float); sd = math.sqrt(q / (2 * rho)); up = np.minimum(lost, np.maximum(y, 0.) * (math.sqrt(cells / q) - 1)); return interval(y, np.full(len(y), sd**2), 0., up**2, True)
def add_up(parts):
    "sums of published cells of one day. parts: list of dicts value, noise_sd, low, high"
    v, n2, l, h = beyond(parts); mix = lambda x, a: a * x.sum(0)**2 + (1 - a) * (x**2).sum(0)
    return interval(v.sum(0), n2.sum(0), mix(l, DROP), mix(h, DROP), True)
def beyond(parts):
    f = lambda x: np.array([np.asarray(p[x], float) for p in parts]); v, n2 = f('value'), f('noise_sd')**2
    h = np.sqrt(np.maximum((f('high') - v)**2 - Z * Z * n2, 0.)); l = np.sqrt(np.maximum((v - f('low'))**2 - Z * Z * n2, 0.)); l = np.where(f('low') > 0, l, np.maximum(l, h)); return v, n2, l, h
def add_up_days(parts):
    "sums of days: what all cells of a day share, as a part of each, and the rest, which is the same every day"
    v, n2, l, h = beyond(parts); both = []
    for x, a, most in ((l, WEEK_LOW, math.inf), (h, WEEK_HIGH, WEEK_MOST)):
        part = np.min(np.where(v != 0, x / np.maximum(np.abs(v), 1e-300), np.inf), 1, keepdims=True); part = np.where(np.isfinite(part), part, 0.)
        num = np.minimum(part * np.abs(v), x); rest = np.sqrt(np.maximum(x**2 - num**2, 0.)); mixed = np.minimum(num, most * np.maximum(np.abs(v), 1e-300)); both.append(a * (mixed.sum(0)**2 - (mixed**2).sum(0)) + (num**2).sum(0) + rest.sum(0)**2)
    r = interval(v.sum(0), n2.sum(0), both[0], both[1], False); r['low'] = np.maximum(r['low'] - lifted(parts), 0.); return r
def lifted(parts):
    "how far above the truth noise may have lifted counts that are not let below zero"
    f = lambda x: np.array([np.asarray(p[x], float) for p in parts]); cut = f('low') == 0; n = np.where(cut, f('noise_sd'), 0.)
    N = n.sum(0); z = np.maximum((f('value') * cut).sum(0) - Z * np.sqrt((n**2).sum(0)), 0.) / np.maximum(N, 1e-300)
    return np.array([N_ * (math.exp(-z_ * z_ / 2) / math.sqrt(2 * math.pi) - z_ * math.erfc(z_ / math.sqrt(2)) / 2) if N_ > 0 else 0. for N_, z_ in zip(N, z)])
def uninformative(r, kind="count", of=math.inf, span=(0., 1.), scale=lambda x: x):
    "of: the fewest lookups that each value is of; span: between what a share, mean or quantile lies; scale: that of the bins"
    value, low, high = (np.asarray(r[z], float) for z in ('value', 'low', 'high')); half = (high - low) / 2
    if kind == "count": return half > np.maximum(value, np.mean(value))
    return ((half > np.abs(value)) & (kind != "share")) | (scale(high) - scale(low) > MOST_OF_RANGE * (scale(span[1]) - scale(span[0]))) | (np.asarray(of) < 1)


# ---------------------------------------------------------------- golden vectors
def golden():
    rng = np.random.default_rng(20260105); R = lambda x: [R(v) for v in x] if isinstance(x, (list, tuple, np.ndarray)) else (bool(x) if isinstance(x, (bool, np.bool_)) else float(x))
    D = lambda r: {k: R(v) for k, v in r.items()}; rho = .02773; s = look_noise(rho); out = dict(rho=rho, look_noise=s, numbers=[])
    truths = [[6112, 964, 109, 10, .5, 0, 0, 0, 0, 0], [79, 165, 170, 56, 13, .9, .3, 0, 0, 0], [178, 25, 3.7, .5, 0, 0, 0, 0, 0, 0], [60660, 9131, 981, 104, 18, .9, 0, 0, 0, 0], [607360, 91004, 9620, 1058, 171, 12, .1, 0, 0, 0], [0] * 10, [11228, 7.6, 0, 0, 0, .3, 2.7, 0, 0, 0], [53165, 5859, 1208, 241, 51, 7.6, 1, 0, 0, 0]]
    for t in truths:
        for _ in range(2):
            y = np.array(t, float) + s * rng.standard_normal(K); v, d, u, kn = numbers(y, s); out['numbers'].append(dict(y=R(y), empty=bool(is_empty(y, s)), value=R(v), down=R(d), up=R(u), known=R(kn), total=D(total(v, d, u, kn))))
    out['cases'] = []
    decl = [('hour', 24, 4, False, False), ('country', 3, 0, False, False), ('app', 5, 0, False, False), ('route', 3, 0, False, False), ('bin', 11, 4, True, False), ('met', 2, 0, False, True)]
    for name, tables, truth in (('three questions', [(), ('hour',), ('hour', 'app'), ('app', 'route')], truths[3]), ('one of three axes', [('country', 'app', 'route')], truths[0]), ('bins by country', [('country', 'bin'), ('country', 'route')], truths[4]), ('a condition by country', [('country', 'met'), ('country', 'app')], truths[1]), ('few', [('hour',), ('hour', 'app'), ('app', 'route')], truths[2]), ('no numbers in bins', [('country', 'bin'), ('country', 'route')], truths[4])):
        if name == 'no numbers in bins': every, rng = rng, np.random.default_rng(20261130)
        axes = Axes(decl); y = np.array(truth, float) + s * rng.standard_normal(K); look = numbers(y, s); q = list(zip(tables, split(rho, [WEIGHT['shape' if t else 'single'] for t in tables]))); pl = plan(axes, look[0], q); noisy = []
        mix = {a: [rng.dirichlet(np.full(axes.size[a], 2.)) for _ in range(2)] for a in axes.size}
        if name == 'no numbers in bins': mix['bin'] = [np.eye(11)[10]] * 2
        for k in range(K):
            d = {}
            for t, (i, r) in pl[k].items():
                x = np.ones(1)
                for a in axes.names(t): w = min(k / 5, 1.); x = np.outer(x, (1 - w) * mix[a][0] + w * mix[a][1]).ravel()
                if BLOCKS[0] in t: x = np.bincount(axes.map(axes.full(tuple(axes.names(t))), axes.full(t)), x)
                d[t] = truth[k] * kept(KAPPAS[i]) * x + KAPPAS[i] / math.sqrt(2 * r) * rng.standard_normal(len(x))
            noisy.append(d)
        first = look; ys, sds = again(y, s, pl, noisy); look = numbers(ys, sds)
        tops = [t for t in dict.fromkeys(tables) if t and not any(set(t) < set(u) for u in tables)]; got = shapes(axes, pl, noisy, look[0], tops)
        case = dict(name=name, again=dict(y=R(ys), sd=R(sds)), first=R(first[0]), value=R(look[0]), down=R(look[1]), up=R(look[2]), known=R(look[3]), total=D(total(*look)), axes=[list(a) for a in decl], questions=[dict(table=list(t), rho=r) for t, r in q], y=R(y), plan=[[dict(table=axes.names(t), blocks=BLOCKS[0] in t, kappa=float(KAPPAS[i]), rho=r) for t, (i, r) in pl[k].items()] for k in range(K)], noisy=[[dict(table=axes.names(t), blocks=BLOCKS[0] in t, cells=R(v)) for t, v in noisy[k].items()] for k in range(K)], answers=[])
        def shared(l, by, met): r = share(axes, got, look, l, by, met); n = answer(axes, got, look, by)['low'] if by else [total(*look)['low'][0]]; return dict(level=[list(x) for x in l], by=[list(x) for x in by], meets=R(met * 1.), uninformative=R(uninformative(r, 'share', n)), **D(r))
        asked = [axes.full(t) for t in tables if t] + ([axes.full(('app',))] if any('app' in t for t in tables) else [])
        for l in asked: r = answer(axes, got, look, l); case['answers'].append(dict(level=[list(x) for x in l], uninformative=R(uninformative(r)), **D(r)))
        if any('route' in t for t in tables):
            l = axes.full(next(t for t in tables if 'route' in t)); by = tuple(x for x in l if x[0] != 'route'); at = axes.map(l, axes.full(('route',))); case['share'] = shared(l, by, at == 1)
            r = answer(axes, got, look, l); m = axes.map(l, by); parts = [{z: r[z][np.flatnonzero(m == c)] for z in r} for c in range(axes.cells(by))]; case['dropped'] = [D(add_up([{z: p[z][i:i + 1] for z in p} for i in range(len(p['value']))])) for p in parts]
        if 'condition' in name:
            l = axes.full(('country', 'met')); by = axes.full(('country',)); at = axes.map(l, axes.full(('met',))); case['share'] = shared(l, by, at == 1)
            case['whole_share'] = shared(axes.full(('met',)), (), np.arange(2) == 1)
        if 'bins' in name: e = [10. * 10**(i / 5) for i in range(11)]; at = .95 if 'no' in name else .5; r = quantile(axes, got, look, axes.full(('country', 'bin')), axes.full(('country',)), at, e); case['quantile'] = dict(edges=e, at=at, uninformative=R(uninformative(r, 'quantile', r.pop('of'), (e[0], e[-1]), np.log)), **D(r))
        out['cases'].append(case)
    rng = every
    look = numbers(np.array(truths[0], float), s); p = np.outer(np.ones(K), [.5, .3, .2]); kap = np.r_[.31, np.full(K - 1, .08)]; rr = .002; y = look[0][:, None] * p * np.array([.003, .004, .01]) + kap[:, None] / math.sqrt(2 * rr) * rng.standard_normal((K, 3))
    r = means(look, p, y, kap, rr, 1., 60000.); out['means'] = dict(y_look=truths[0], p=R(p), y=R(y), kappa=R(kap), rho=rr, range=[1., 60000.], uninformative=R(uninformative(r, 'mean', span=(1., 60000.))), **D(r))
    out['distinct'] = []
    for cells, t in ((5, 0), (24, 2), (240, 0), (240, 3), (1, 0)):
        v = numbers(np.array(truths[t], float), s)[0]; q, lost = distinct_clip(cells, v, .0015); y = np.abs(rng.standard_normal(min(cells, 6))) * 300; out['distinct'].append(dict(cells=cells, y_look=truths[t], rho=.0015, clip2=q, lost=lost, y=R(y), **D(distinct(y, q, lost, cells, .0015))))
    hours = out['cases'][-2]['answers'][0]; days = [{z: np.asarray(hours[z])[i:i + 4] for z in ('value', 'noise_sd', 'low', 'high')} for i in (0, 4, 8)]
    out['days'] = dict(parts=[D(d) for d in days], **D(add_up_days(days)))
    return out
if __name__ == '__main__': json.dump(golden(), open(sys.argv[1], 'w'), indent=None, separators=(',', ':'))
