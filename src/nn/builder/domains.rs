//! Operations that lead from one domain to another. In: nodes and routes. Out: the node of
//! the result, or an error that names both domains.

use super::super::domain::{Domain, Field, Grouping, Route};
use super::super::failure::Failure;
use super::super::graph::{Fed, NodeId, Op};
use super::{GraphBuilder, layer};

impl GraphBuilder {
    /// Says that the network is fed crystal graphs, with their line graphs or without.
    /// Once per graph, before the first [`GraphBuilder::field`].
    pub fn crystals(&mut self, label: &str, angles: bool) -> Result<(), Failure> {
        self.fed = Some(match self.fed {
            None => Fed::Crystals { angles },
            Some(Fed::Vectors) => Fed::Both { angles },
            Some(Fed::Crystals { .. } | Fed::Both { .. }) => {
                return Err(layer(label, "these are second crystals of one network"));
            }
        });
        Ok(())
    }

    /// Numbers of the crystals, without sizes of their own.
    pub fn field(&mut self, label: &str, field: Field) -> Result<NodeId, Failure> {
        let Some(angles) = self.fed.and_then(|fed| fed.angles()) else {
            return Err(layer(label, "the network is not fed crystals"));
        };
        if field == Field::Features || field.needs_angles() && !angles {
            let problem = format!("its crystals have no {}", field.word());
            return Err(layer(label, problem));
        }
        if !self.fields.contains(&field) {
            self.fields.push(field);
        }
        self.push(label, Op::Input(field), vec![], vec![], vec![])
    }

    /// Zeros of shape `sizes`, one such row for each entry of `domain`.
    pub fn zeros(
        &mut self,
        label: &str,
        domain: Option<Domain>,
        sizes: &[usize],
    ) -> Result<NodeId, Failure> {
        let zeros = self.push(label, Op::Zeros, vec![], sizes.to_vec(), vec![])?;
        self.spread(label, zeros, domain)
    }

    /// Ones of shape `sizes`, one such row for each entry of `domain`.
    pub fn ones(
        &mut self,
        label: &str,
        domain: Option<Domain>,
        sizes: &[usize],
    ) -> Result<NodeId, Failure> {
        let ones = self.push(label, Op::Ones, vec![], sizes.to_vec(), vec![])?;
        self.spread(label, ones, domain)
    }

    /// The row of `x` that each entry of `route` leads to.
    pub fn gather(
        &mut self,
        label: &str,
        x: NodeId,
        route: &Route,
    ) -> Result<NodeId, Failure> {
        let sizes = self.read(label, x)?;
        let x = self.spread(label, x, Some(route.to()))?;
        let route = self.route(label, route)?;
        self.push(label, Op::Gather { route }, vec![x], sizes, vec![])
    }

    /// What `grouping` makes of the rows of `x` that `route` leads to the same place.
    pub fn group(
        &mut self,
        label: &str,
        x: NodeId,
        route: &Route,
        grouping: Grouping,
    ) -> Result<NodeId, Failure> {
        let sizes = self.read(label, x)?;
        let x = self.spread(label, x, Some(route.from()))?;
        let route = self.route(label, route)?;
        let op = Op::Group { route, grouping };
        self.push(label, op, vec![x], sizes, vec![])
    }

    /// Shares among the rows of `x` that `route` leads to the same place: e^x over its sum.
    pub fn softmax_group(
        &mut self,
        label: &str,
        x: NodeId,
        route: &Route,
    ) -> Result<NodeId, Failure> {
        let sizes = self.read(label, x)?;
        let x = self.spread(label, x, Some(route.from()))?;
        let route = self.route(label, route)?;
        self.push(label, Op::SoftmaxGroup { route }, vec![x], sizes, vec![])
    }

    /// The number of a route among the graph's.
    fn route(&mut self, label: &str, route: &Route) -> Result<usize, Failure> {
        let Some(angles) = self.fed.and_then(|fed| fed.angles()) else {
            return Err(layer(label, "the network is not fed crystals"));
        };
        if !angles && route.links().iter().any(|link| link.needs_angles()) {
            let problem = format!("its crystals have no {}", route.words());
            return Err(layer(label, problem));
        }
        if let Some(known) = self.routes.iter().position(|known| known == route) {
            return Ok(known);
        }
        self.routes.push(route.clone());
        Ok(self.routes.len() - 1)
    }

    /// `x` itself if it is of `domain`; if it is the same everywhere, a copy for each
    /// entry.
    pub(super) fn spread(
        &mut self,
        label: &str,
        x: NodeId,
        domain: Option<Domain>,
    ) -> Result<NodeId, Failure> {
        match (self.domain(x), domain) {
            (own, wanted) if own == wanted => Ok(x),
            (None, Some(wanted)) => {
                let sizes = self.read(label, x)?;
                let node = self.push(label, Op::Spread, vec![x], sizes, vec![])?;
                if let Some(node) = self.nodes.get_mut(node.0) {
                    node.domain = Some(wanted);
                }
                Ok(node)
            }
            (Some(own), wanted) => {
                let wanted = wanted.map_or("a single value", Domain::word);
                let problem = format!("it needs {wanted}, its input is {}", own.word());
                Err(layer(label, problem))
            }
            (None, None) => Ok(x),
        }
    }

    /// The inputs, what is the same everywhere spread over the domain of the others.
    pub(super) fn together(
        &mut self,
        label: &str,
        inputs: &[NodeId],
    ) -> Result<Vec<NodeId>, Failure> {
        let domain = self.shared_domain(label, inputs)?;
        let spread = |x: &NodeId| match self.constant(*x) {
            Some(_) if inputs.len() == 2 => Ok(*x),
            _ => self.spread(label, *x, domain),
        };
        inputs.iter().map(spread).collect()
    }

    /// The domain of all inputs that have one.
    fn shared_domain(
        &self,
        label: &str,
        inputs: &[NodeId],
    ) -> Result<Option<Domain>, Failure> {
        let mut shared = None;
        for domain in inputs.iter().filter_map(|x| self.domain(*x)) {
            match shared {
                Some(other) if other != domain => {
                    let (one, two) = (Domain::word(other), domain.word());
                    let problem = format!("{one} and {two} do not go together");
                    return Err(layer(label, problem));
                }
                _ => shared = Some(domain),
            }
        }
        Ok(shared)
    }

    /// What the leading axis of a new node counts.
    pub(super) fn domain_of(
        &self,
        label: &str,
        op: &Op,
        inputs: &[NodeId],
    ) -> Result<Option<Domain>, Failure> {
        match op {
            Op::Input(field) => Ok(Some(field.domain())),
            Op::Gather { route } => Ok(self.routes.get(*route).map(Route::from)),
            Op::Group { route, .. } => Ok(self.routes.get(*route).map(Route::to)),
            _ => self.shared_domain(label, inputs),
        }
    }
}
