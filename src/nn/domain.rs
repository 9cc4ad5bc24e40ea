//! What a tensor has one entry for each of, and the maps between those. In: nothing. Out:
//! the words in which a graph says where its rows lie.

/// What the leading axis of a tensor counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// The rows of the batch: one crystal or one vector each.
    Rows,
    /// The atoms of all crystals of the batch.
    Atoms,
    /// Their directed bonds.
    Bonds,
    /// The pairs of bonds that make an angle: the edges of the line graph.
    Angles,
}

impl Domain {
    /// The word for it, in the plural.
    pub fn word(self) -> &'static str {
        match self {
            Domain::Rows => "rows",
            Domain::Atoms => "atoms",
            Domain::Bonds => "bonds",
            Domain::Angles => "angles",
        }
    }

    /// The domain of that word.
    pub fn parse(word: &str) -> Option<Domain> {
        let all = [Domain::Rows, Domain::Atoms, Domain::Bonds, Domain::Angles];
        all.into_iter().find(|domain| domain.word() == word)
    }
}

/// What a network may read of its batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The features of a row of vectors.
    Features,
    /// Atomic numbers.
    Species,
    /// How many bonds end in each atom.
    Degree,
    /// Lengths of bonds, Å.
    Distance,
    /// How many angles end in each bond.
    LineDegree,
    /// Cosines of angles.
    Cosine,
}

impl Field {
    /// What it has one number (or row of numbers) for each of.
    pub fn domain(self) -> Domain {
        match self {
            Field::Features => Domain::Rows,
            Field::Species | Field::Degree => Domain::Atoms,
            Field::Distance | Field::LineDegree => Domain::Bonds,
            Field::Cosine => Domain::Angles,
        }
    }

    /// Whether it holds whole numbers, which may choose among classes.
    pub fn is_whole(self) -> bool {
        matches!(self, Field::Species | Field::Degree | Field::LineDegree)
    }

    /// Whether it is there only with the line graph.
    pub fn needs_angles(self) -> bool {
        matches!(self, Field::LineDegree | Field::Cosine)
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Field::Features => "features",
            Field::Species => "species",
            Field::Degree => "degree",
            Field::Distance => "distance",
            Field::LineDegree => "line.degree",
            Field::Cosine => "cosine",
        }
    }
}

/// A map that every crystal graph has: to each entry of one domain an entry of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// The atom a bond comes from: the neighbour.
    Src,
    /// The atom a bond goes to: the one that hears.
    Dst,
    /// The crystal of an atom.
    AtomRow,
    /// The crystal of a bond.
    BondRow,
    /// The bond an angle comes from.
    LineSrc,
    /// The bond an angle goes to.
    LineDst,
    /// The crystal of an angle.
    AngleRow,
}

impl Link {
    /// The domain it has an entry for each of, and the one its entries are of.
    pub fn ends(self) -> (Domain, Domain) {
        match self {
            Link::Src | Link::Dst => (Domain::Bonds, Domain::Atoms),
            Link::AtomRow => (Domain::Atoms, Domain::Rows),
            Link::BondRow => (Domain::Bonds, Domain::Rows),
            Link::LineSrc | Link::LineDst => (Domain::Angles, Domain::Bonds),
            Link::AngleRow => (Domain::Angles, Domain::Rows),
        }
    }

    /// Whether it is there only with the line graph.
    pub fn needs_angles(self) -> bool {
        matches!(self, Link::LineSrc | Link::LineDst | Link::AngleRow)
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Link::Src => "src",
            Link::Dst => "dst",
            Link::AtomRow => "node_graph",
            Link::BondRow => "edge_graph",
            Link::LineSrc => "line.src",
            Link::LineDst => "line.dst",
            Link::AngleRow => "line.edge_graph",
        }
    }
}

/// A map of a network: a chain of links, each taken from where the one before it led.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    links: Vec<Link>,
    from: Domain,
    to: Domain,
}

impl Route {
    /// The route that is one link.
    pub fn new(link: Link) -> Route {
        let (from, to) = link.ends();
        Route {
            links: vec![link],
            from,
            to,
        }
    }

    /// First this route, then `next`; none if `next` does not begin where this one ends.
    #[must_use]
    pub fn then(&self, next: &Route) -> Option<Route> {
        let links = self.links.iter().chain(&next.links).copied().collect();
        (self.to == next.from).then_some(Route {
            links,
            from: self.from,
            to: next.to,
        })
    }

    /// The domain it has an entry for each of.
    pub fn from(&self) -> Domain {
        self.from
    }

    /// The domain its entries are of.
    pub fn to(&self) -> Domain {
        self.to
    }

    /// Its links, the first one first.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// The route in words: `dst`, `node_graph[dst]`.
    pub fn words(&self) -> String {
        let mut links = self.links.iter().map(|link| link.word());
        let first = links.next().unwrap_or_default().to_owned();
        links.fold(first, |inner, link| format!("{link}[{inner}]"))
    }
}

/// What is made of the entries that share a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Their sum; 0 of none.
    Sum,
    /// Their mean; 0 of none.
    Mean,
    /// The largest; 0 of none.
    Max,
}
