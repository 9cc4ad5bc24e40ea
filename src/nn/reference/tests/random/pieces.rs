//! Pieces of random networks that the lowering rewrites or fuses: layers on rows that are
//! taken by maps or stand side by side, with nothing between; messages, which one loop
//! takes by a map, changes and sums by a map; shares by a map. What goes in is tamed, what
//! lies within is not.

use super::super::super::super::{Domain, Grouping, Init, Link, NodeId, Route};
use super::super::{Made, routes};
use super::Growing;

/// A layer that may be used again.
#[derive(Clone)]
pub(super) struct Layer {
    label: String,
    inputs: usize,
    units: usize,
    bias: bool,
}

impl Growing<'_> {
    /// One of them.
    pub(super) fn piece(&mut self) -> Made {
        if !self.crystals {
            return self.layered(Domain::Rows);
        }
        match self.below(8) {
            0 => self.layered(Domain::Atoms),
            1 => self.layered(Domain::Bonds),
            2 => self.layered(Domain::Angles),
            3 => self.ends(),
            4 => self.in_parts_and_whole(),
            _ => self.message(),
        }
    }

    /// A layer over rows side by side.
    fn layered(&mut self, domain: Domain) -> Made {
        let x = self.side_by_side(domain)?;
        let y = self.layer(x)?;
        self.changed(y)
    }

    /// One layer on the rows that both ends of a bond or of an angle take.
    fn ends(&mut self) -> Made {
        let [here, there] = match self.below(2) {
            0 => [Link::Src, Link::Dst].map(Route::new),
            _ => [Link::LineSrc, Link::LineDst].map(Route::new),
        };
        let x = self.own(here.to())?;
        let beside = match self.below(2) {
            0 => Some(self.rows(here.from())?),
            _ => None,
        };
        let inputs = self.b.sizes(x)[0];
        let new = self.new_layer(inputs, beside);
        let mut end = |route: &Route| {
            let rows = self.b.gather("end", x, route)?;
            let rows = match beside {
                Some(beside) => self.b.concat("beside", &[rows, beside])?,
                None => rows,
            };
            self.b
                .dense(&new.label, rows, new.units, new.bias, Init::Kaiming)
        };
        let (a, b) = (end(&here)?, end(&there)?);
        let y = match self.below(3) {
            0 => self.b.add("both", a, b)?,
            1 => self.b.multiply("both", a, b)?,
            _ => self.b.subtract("both", a, b)?,
        };
        let y = self.changed(y)?;
        self.summed(y)
    }

    /// One layer on rows some of which are taken by a map, and on rows that are there.
    fn in_parts_and_whole(&mut self) -> Made {
        let all = routes();
        let route = &all[self.below(all.len())];
        let x = self.own(route.to())?;
        let taken = self.b.gather("taken", x, route)?;
        let own = self.own(route.from())?;
        let parts = self.b.concat("parts", &[taken, own])?;
        let inputs = self.b.sizes(parts)[0];
        let label = self.label();
        let whole = self.b.dense(&label, own, inputs, true, Init::Kaiming)?;
        let layer = self.new_layer(inputs, None);
        let mut on = |x: NodeId| {
            self.b
                .dense(&layer.label, x, layer.units, layer.bias, Init::Kaiming)
        };
        let (whole, parts) = (on(whole)?, on(parts)?);
        let y = self.b.multiply("both", whole, parts)?;
        self.changed(y)
    }

    /// Rows taken by a map, changed by rows that are there, summed by a map.
    fn message(&mut self) -> Made {
        let all = routes();
        let route = &all[self.below(all.len())];
        let x = self.own(route.to())?;
        let taken = self.b.gather("taken", x, route)?;
        let own = self.rows(route.from())?;
        let (label, width) = (self.label(), self.b.sizes(taken)[0]);
        let own = self.b.dense(&label, own, width, true, Init::Kaiming)?;
        let y = match self.below(4) {
            0 => self.b.add("heard", own, taken)?,
            1 => self.b.multiply("heard", taken, own)?,
            2 => self.b.subtract("heard", taken, own)?,
            _ => {
                let size = self.b.abs("size", own)?;
                let one = self.b.scalar("1", 1.0)?;
                let size = self.b.add("size", size, one)?;
                self.b.divide("heard", taken, size)?
            }
        };
        let y = self.changed(y)?;
        let as_before = self.b.sizes(y) == self.b.sizes(taken);
        let y = match self.below(4) {
            0 => self.shared_out(y)?,
            1 if as_before => self.b.add("again", y, taken)?,
            2 if as_before => self.b.multiply("again", taken, y)?,
            _ => y,
        };
        self.summed(y)
    }

    /// Rows times their shares by a map.
    fn shared_out(&mut self, y: NodeId) -> Made {
        let Some(route) = self.leading_away(y) else {
            return Ok(y);
        };
        let score = self.b.mean_last("score", y)?;
        let share = self.b.softmax_group("share", score, &route)?;
        self.b.multiply("share", y, share)
    }

    /// What is made of rows by a map, or the rows.
    fn summed(&mut self, y: NodeId) -> Made {
        let choice = self.below(6);
        let Some(route) = self.leading_away(y).filter(|_| choice > 0) else {
            return Ok(y);
        };
        let grouping = match choice {
            1 => Grouping::Max,
            2 => Grouping::Mean,
            _ => Grouping::Sum,
        };
        self.b.group("summed", y, &route, grouping)
    }

    /// A map from the rows of `y`.
    fn leading_away(&mut self, y: NodeId) -> Option<Route> {
        let own = self.b.domain(y);
        let all = routes().into_iter().filter(|r| Some(r.from()) == own);
        let all: Vec<Route> = all.collect();
        all.get(self.below(all.len())).cloned()
    }

    /// What often follows a layer.
    fn changed(&mut self, y: NodeId) -> Made {
        let lines = self.b.sizes(y).len() > 1;
        match self.below(11) {
            0 | 1 => self.b.relu("relu", y),
            2 => {
                let y = self.b.softplus("softplus", y)?;
                let less = self.b.scalar("ln 2", std::f64::consts::LN_2)?;
                self.b.subtract("less", y, less)
            }
            3 => self.b.sigmoid("sigmoid", y),
            4 | 5 => {
                let label = self.label();
                let y = self.b.batch_norm(&label, y, 1e-1, 0.2)?;
                self.b.silu("silu", y)
            }
            6 if lines => {
                let y = self.b.transpose("turned", y)?;
                self.b.silu("silu", y)
            }
            6 => self.b.silu("silu", y),
            7 => {
                let last = self.b.sizes(y).last().copied().unwrap_or(1);
                self.b.slice("part", y, last / 2, last)
            }
            8 => {
                let open = self.b.sigmoid("open", y)?;
                self.b.multiply("gated", open, y)
            }
            _ => Ok(y),
        }
    }

    /// Up to three rows side by side, in one line or in two.
    fn side_by_side(&mut self, domain: Domain) -> Made {
        let mut parts = vec![self.taken(domain)?];
        for _ in 0..self.below(3) {
            parts.push(self.rows(domain)?);
        }
        let even = parts.iter().all(|x| self.b.sizes(*x)[0].is_multiple_of(2));
        if even && self.below(2) == 0 {
            for part in &mut parts {
                let half = self.b.sizes(*part)[0] / 2;
                *part = self.b.reshape("lines", *part, &[2, half])?;
            }
        }
        let x = match parts[..] {
            [one] => one,
            _ => self.b.concat("side by side", &parts)?,
        };
        // A layer may read the same numbers in other lines.
        if self.below(4) > 0 {
            return Ok(x);
        }
        match self.b.sizes(x) {
            [_, _] => self.b.flatten("one line", x),
            [all] if all % 2 == 0 => {
                let half = all / 2;
                self.b.reshape("two lines", x, &[2, half])
            }
            _ => Ok(x),
        }
    }

    /// A row of numbers for each entry of `domain`, or one for all of them.
    fn rows(&mut self, domain: Domain) -> Made {
        if self.below(4) > 0 {
            return self.taken(domain);
        }
        let (label, units) = (self.label(), self.units());
        let row = self.b.weight(&label, &[units], Init::Kaiming)?;
        if self.below(2) == 0 {
            return Ok(row);
        }
        let open = self.b.sigmoid("open", row)?;
        self.b.multiply("gated", open, row)
    }

    /// A row for each entry of `domain`, taken from where there are fewer if there is a
    /// map: once, or again and again.
    fn taken(&mut self, domain: Domain) -> Made {
        let all = routes().into_iter().filter(|r| r.from() == domain);
        let all: Vec<Route> = all.collect();
        if all.is_empty() || self.below(4) == 0 {
            return self.own(domain);
        }
        let route = &all[self.below(all.len())];
        let x = match self.below(3) {
            0 => self.taken(route.to())?,
            _ => self.own(route.to())?,
        };
        self.b.gather("taken", x, route)
    }

    /// A value of that domain, tamed, in one line.
    fn own(&mut self, domain: Domain) -> Made {
        let of = |x: &&NodeId| self.b.domain(**x) == Some(domain);
        let all: Vec<NodeId> = self.values.iter().filter(of).copied().collect();
        let at = self.below(all.len());
        let x = self.tamed(all[at])?;
        self.b.flatten("one line", x)
    }

    /// A layer on `x`: one that is there already and fits, or a new one.
    fn layer(&mut self, x: NodeId) -> Made {
        let inputs = self.b.sizes(x).last().copied().unwrap_or(1);
        let known = self.layers.iter().filter(|layer| layer.inputs == inputs);
        let known: Vec<Layer> = known.cloned().collect();
        let layer = match known.get(self.below(2 * known.len())) {
            Some(layer) => layer.clone(),
            None => self.new_layer(inputs, None),
        };
        self.b
            .dense(&layer.label, x, layer.units, layer.bias, Init::Kaiming)
    }

    /// A new layer over so many numbers and those of `beside`.
    fn new_layer(&mut self, inputs: usize, beside: Option<NodeId>) -> Layer {
        let layer = Layer {
            label: self.label(),
            inputs: inputs + beside.map_or(0, |x| self.b.sizes(x)[0]),
            units: self.units(),
            bias: self.below(3) > 0,
        };
        self.b.shared(&layer.label);
        self.layers.push(layer.clone());
        layer
    }
}
