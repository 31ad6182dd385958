//! Tables over a set of axes: adding axes up, taking means off, spreading out.

use crate::plan::AxisSet;

/// Numbers over the axes of a set, ascending; the last axis changes fastest.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tensor {
    axes: Vec<(usize, usize)>,
    data: Vec<f64>,
}

impl Tensor {
    /// `sizes` gives every axis's size; `data` has the product of those in `set`.
    pub(super) fn new(set: AxisSet, sizes: &[u64], data: Vec<f64>) -> Self {
        let axes = (0..sizes.len())
            .filter(|axis| set >> axis & 1 == 1)
            .map(|axis| (axis, usize::try_from(sizes[axis]).unwrap_or(usize::MAX)))
            .collect();
        Self { axes, data }
    }

    /// Zero everywhere.
    pub(super) fn zero(set: AxisSet, sizes: &[u64]) -> Self {
        let mut zero = Self::new(set, sizes, Vec::new());
        let cells = zero.axes.iter().map(|(_, size)| size).product();
        zero.data = vec![0.0; cells];
        zero
    }

    pub(super) fn data(&self) -> &[f64] {
        &self.data
    }

    /// A tensor of the same axes, made of each cell's place and value.
    pub(super) fn map(&self, of: impl Fn(usize, f64) -> f64) -> Self {
        let data = self.data.iter().enumerate().map(|(place, value)| of(place, *value)).collect();
        Self { axes: self.axes.clone(), data }
    }

    /// The marginal over a subset of the axes: all others added up.
    pub(super) fn marginal(&self, set: AxisSet) -> Self {
        let mut this = self.clone();
        while let Some(place) = this.axes.iter().position(|(axis, _)| set >> axis & 1 == 0) {
            let (size, inner) = (this.axes[place].1, this.inner(place));
            let mut data = Vec::with_capacity(this.data.len() / size.max(1));
            for block in this.data.chunks_exact(size * inner) {
                let start = data.len();
                data.extend_from_slice(&block[..inner]);
                for row in block[inner..].chunks_exact(inner) {
                    data[start..].iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
                }
            }
            this.axes.remove(place);
            this.data = data;
        }
        this
    }

    /// Subtracts the mean along every axis: what is left is the interaction of these axes.
    pub(super) fn interaction(mut self) -> Self {
        for place in 0..self.axes.len() {
            let (size, inner) = (self.axes[place].1, self.inner(place));
            for block in self.data.chunks_exact_mut(size * inner) {
                for offset in 0..inner {
                    let sum: f64 = block.iter().skip(offset).step_by(inner).sum();
                    let mean = sum / size as f64;
                    block.iter_mut().skip(offset).step_by(inner).for_each(|value| *value -= mean);
                }
            }
        }
        self
    }

    /// Adds `factor` times a tensor over a subset of the axes, evenly spread over the others.
    pub(super) fn add_spread(&mut self, part: &Self, factor: f64) {
        let share = factor * part.data.len() as f64 / self.data.len().max(1) as f64;
        // For each axis: its step in the part, or `None`.
        let mut steps = vec![0; self.axes.len()];
        for (place, (axis, _)) in self.axes.iter().enumerate() {
            if let Some(at) = part.axes.iter().position(|(other, _)| other == axis) {
                steps[place] = part.inner(at);
            }
        }
        let mut position = vec![0; self.axes.len()];
        let mut at = 0;
        for value in &mut self.data {
            *value += share * part.data[at];
            for place in (0..position.len()).rev() {
                position[place] += 1;
                at += steps[place];
                if position[place] < self.axes[place].1 {
                    break;
                }
                at -= steps[place] * self.axes[place].1;
                position[place] = 0;
            }
        }
    }

    /// The cells in the order of other axes; the last of `order` changes fastest.
    pub(super) fn ordered(&self, order: &[usize]) -> Vec<f64> {
        let places: Vec<usize> = order
            .iter()
            .filter_map(|axis| self.axes.iter().position(|(known, _)| known == axis))
            .collect();
        let mut out = Vec::with_capacity(self.data.len());
        let mut position = vec![0; places.len()];
        for _ in 0..self.data.len() {
            let at: usize =
                places.iter().zip(&position).map(|(place, at)| at * self.inner(*place)).sum();
            out.push(self.data[at]);
            for step in (0..position.len()).rev() {
                position[step] += 1;
                if position[step] < self.axes[places[step]].1 {
                    break;
                }
                position[step] = 0;
            }
        }
        out
    }

    /// The step of an axis: the product of the sizes behind it.
    fn inner(&self, place: usize) -> usize {
        self.axes[place + 1..].iter().map(|(_, size)| size).product()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: [u64; 3] = [2, 3, 2];

    fn counting(set: AxisSet) -> Tensor {
        let mut tensor = Tensor::zero(set, &SIZES);
        let cells = tensor.data.len();
        tensor.data = (0..cells).map(|cell| cell as f64).collect();
        tensor
    }

    #[test]
    fn marginals_add_up_the_other_axes() {
        let whole = counting(0b111);
        assert_eq!(whole.marginal(0b001).data(), [15.0, 51.0]);
        assert_eq!(whole.marginal(0b100).data(), [30.0, 36.0]);
        assert_eq!(whole.marginal(0b010).data(), [14.0, 22.0, 30.0]);
        assert_eq!(whole.marginal(0).data(), [66.0]);
        assert_eq!(whole.marginal(0b111), whole);
    }

    #[test]
    fn a_table_is_the_sum_of_its_interactions() {
        let whole = Tensor::new(
            0b111,
            &SIZES,
            vec![3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0, 5.0, 3.0, 5.0, 8.0],
        );
        let mut sum = Tensor::zero(0b111, &SIZES);
        for set in crate::plan::subsets(0b111) {
            sum.add_spread(&whole.marginal(set).interaction(), 1.0);
        }
        for (sum, value) in sum.data().iter().zip(whole.data()) {
            assert!((sum - value).abs() < 1e-12);
        }
    }

    #[test]
    fn cells_come_in_the_order_asked() {
        let whole = counting(0b011);
        assert_eq!(whole.ordered(&[0, 1]), whole.data());
        assert_eq!(whole.ordered(&[1, 0]), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
    }
}
