//! From IR to nodes with keys.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::device::device_class;
use crate::diagnostic::{Code, Problem};
use crate::ir::{
    self, Call, Canonical, Expr, Kind, Setting, Static, Study, canonical, canonical_expr,
};
use crate::nn::Executor;
use crate::source::Span;
use crate::world::World;

/// The format of keys. Raise it when what a key means changes.
const FORMAT: &[u8] = b"tmo key 1";

/// A node of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub usize);

/// Something to be computed.
#[derive(Clone, Debug)]
pub struct Node {
    /// The key of its result.
    pub key: [u8; 32],
    /// What computes it.
    pub work: Work,
    /// The nodes it needs.
    pub inputs: Vec<NodeId>,
    /// Where it was written.
    pub span: Span,
}

/// What computes a node.
#[derive(Clone, Debug)]
pub enum Work {
    /// A verb.
    Verb(Call),
    /// One part of a data set, or one field of a result.
    Part(Arc<str>),
    /// The cells of a sweep.
    Cells(Arc<ir::Cells>),
}

/// A study and the node that is its result.
#[derive(Clone, Debug)]
pub struct PlannedStudy {
    /// The study.
    pub study: Study,
    /// Its result.
    pub root: NodeId,
}

/// Everything a run would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Nodes, inputs before those that need them.
    pub nodes: Vec<Node>,
    /// The studies.
    pub studies: Vec<PlannedStudy>,
    /// The seed all draws begin with.
    pub root_seed: u64,
    /// What runs its networks.
    pub executor: Executor,
}

impl Plan {
    /// The node of that number.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.0)
    }

    /// How many cells its sweeps have.
    pub fn cells(&self) -> usize {
        let cells = self.nodes.iter().filter_map(|node| match &node.work {
            Work::Cells(cells) => Some(cells.cells.len()),
            Work::Verb(_) | Work::Part(_) => None,
        });
        cells.sum()
    }

    /// The call of a node, when it is a verb.
    pub fn call(&self, id: NodeId) -> Option<&Call> {
        match &self.node(id)?.work {
            Work::Verb(call) => Some(call),
            Work::Part(_) | Work::Cells(_) => None,
        }
    }
}

/// Builtins by what a plan must know of them.
pub trait Builtins {
    /// Whether calls of it are nodes.
    fn is_node(&self, builtin: &str) -> bool;
    /// Its version: raised when the same settings and inputs give something else.
    fn version(&self, builtin: &str) -> u32;
    /// Whether its result depends on the class of the processor.
    fn depends_on_device(&self, builtin: &str) -> bool;
    /// The hash of data it carries with it.
    fn carried(&self, call: &Call) -> Option<[u8; 32]>;
}

/// Plan the studies of a module, whose networks `executor` will run.
pub fn plan(
    module: &ir::Module,
    builtins: &dyn Builtins,
    world: &dyn World,
    root_seed: u64,
    executor: Executor,
) -> Result<Plan, Problem> {
    let mut planner = Planner {
        builtins,
        world,
        root_seed,
        device: device_class(executor),
        nodes: Vec::new(),
        by_key: BTreeMap::new(),
        by_address: BTreeMap::new(),
        contents: BTreeMap::new(),
    };
    let mut studies = Vec::new();
    for study in &module.studies {
        let root = planner
            .node(&study.root)?
            .ok_or_else(|| nothing_to_run(study))?;
        studies.push(PlannedStudy {
            study: study.clone(),
            root,
        });
    }
    Ok(Plan {
        nodes: planner.nodes,
        studies,
        root_seed,
        executor,
    })
}

fn nothing_to_run(study: &Study) -> Problem {
    Problem::new(
        Code::E0603,
        format!("the study `{}` computes nothing", study.name),
        study.span,
        "no data set is read and no model trained here",
    )
}

fn nothing_in_cell(at: Span) -> Problem {
    Problem::new(
        Code::E0603,
        "the cells of this sweep compute nothing",
        at,
        "no data set is read and no model trained here",
    )
}

struct Planner<'a> {
    builtins: &'a dyn Builtins,
    world: &'a dyn World,
    root_seed: u64,
    /// The class of what networks run on.
    device: String,
    nodes: Vec<Node>,
    by_key: BTreeMap<[u8; 32], NodeId>,
    /// Nodes by the address of their expression: parts used twice are planned once.
    by_address: BTreeMap<usize, NodeId>,
    contents: BTreeMap<PathBuf, [u8; 32]>,
}

impl Planner<'_> {
    /// The node of an expression; none when it is part of another.
    fn node(&mut self, expr: &Arc<Expr>) -> Result<Option<NodeId>, Problem> {
        let address = Arc::as_ptr(expr) as usize;
        if let Some(id) = self.by_address.get(&address) {
            return Ok(Some(*id));
        }
        let (work, needs, bytes) = match &expr.kind {
            Kind::Call(call) if self.builtins.is_node(&call.builtin) => {
                let mut needs = Vec::new();
                for input in &call.inputs {
                    self.needed(input, &mut needs)?;
                }
                self.read_files(call, expr.span)?;
                let context = Context { planner: self };
                (Work::Verb(call.clone()), needs, canonical(call, &context))
            }
            Kind::Cells(cells) => {
                let mut needs = Vec::new();
                for (_, value) in &cells.cells {
                    let Some(cell) = self.node(value)? else {
                        return Err(nothing_in_cell(value.span));
                    };
                    needs.push(cell);
                }
                let context = Context { planner: self };
                (
                    Work::Cells(cells.clone()),
                    needs,
                    canonical_expr(expr, &context),
                )
            }
            Kind::Field(of, name) => {
                let Some(whole) = self.node(of)? else {
                    return Ok(None);
                };
                let key = self.nodes.get(whole.0).map_or([0; 32], |node| node.key);
                let mut bytes = b"part".to_vec();
                bytes.extend_from_slice(&key);
                bytes.extend_from_slice(name.as_bytes());
                (Work::Part(name.clone()), vec![whole], bytes)
            }
            _ => return Ok(None),
        };
        let key = self.key(&work, &bytes);
        let id = match self.by_key.get(&key) {
            Some(id) => *id,
            None => {
                let id = NodeId(self.nodes.len());
                self.nodes.push(Node {
                    key,
                    work,
                    inputs: needs,
                    span: expr.span,
                });
                self.by_key.insert(key, id);
                id
            }
        };
        self.by_address.insert(address, id);
        Ok(Some(id))
    }

    /// The nodes an input is made of, from the left: itself, or those in its parts.
    fn needed(
        &mut self,
        expr: &Arc<Expr>,
        needs: &mut Vec<NodeId>,
    ) -> Result<(), Problem> {
        if let Some(id) = self.node(expr)? {
            needs.push(id);
            return Ok(());
        }
        for part in ir::parts(expr) {
            self.needed(part, needs)?;
        }
        Ok(())
    }

    fn key(&self, work: &Work, bytes: &[u8]) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(FORMAT);
        hasher.update(&self.root_seed.to_le_bytes());
        if let Work::Verb(call) = work
            && self.builtins.depends_on_device(&call.builtin)
        {
            hasher.update(self.device.as_bytes());
        }
        hasher.update(bytes);
        *hasher.finalize().as_bytes()
    }

    /// Hash the files a call names.
    fn read_files(&mut self, call: &Call, span: Span) -> Result<(), Problem> {
        for (_, setting) in &call.settings {
            if let Setting::Static(Static::Path { written, found }) = setting
                && !self.contents.contains_key(found)
            {
                let hash = self.hash(found).map_err(|error| {
                    Problem::new(
                        Code::E0601,
                        format!("`{written}` cannot be read"),
                        span,
                        crate::world::plain(&error),
                    )
                    .help("the path is relative to the file that names it")
                })?;
                self.contents.insert(found.clone(), hash);
            }
        }
        Ok(())
    }

    /// The hash of a file, or of the structure files of a folder with their names.
    fn hash(&self, path: &Path) -> std::io::Result<[u8; 32]> {
        let Some(members) = self.world.list(path)? else {
            return self.hash_file(path);
        };
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"folder");
        for member in members {
            if crate::files::is_read(&member) {
                let name = member.strip_prefix(path).unwrap_or(&member);
                hasher.update(name.to_string_lossy().as_bytes());
                hasher.update(&[0]);
                hasher.update(&self.hash_file(&member)?);
            }
        }
        Ok(*hasher.finalize().as_bytes())
    }

    fn hash_file(&self, path: &Path) -> std::io::Result<[u8; 32]> {
        let mut reader = self.world.open(path)?;
        let mut hasher = blake3::Hasher::new();
        let mut block = vec![0; 1 << 16];
        loop {
            let count = reader.read(&mut block)?;
            if count == 0 {
                return Ok(*hasher.finalize().as_bytes());
            }
            hasher.update(block.get(..count).unwrap_or_default());
        }
    }
}

struct Context<'a, 'b> {
    planner: &'a Planner<'b>,
}

impl Canonical for Context<'_, '_> {
    fn key_of(&self, expr: &Expr) -> Option<[u8; 32]> {
        let address = std::ptr::from_ref(expr) as usize;
        let id = self.planner.by_address.get(&address)?;
        self.planner.nodes.get(id.0).map(|node| node.key)
    }

    fn content_of(&self, path: &Path) -> Option<[u8; 32]> {
        self.planner.contents.get(path).copied()
    }

    fn carried_by(&self, call: &Call) -> Option<[u8; 32]> {
        self.planner.builtins.carried(call)
    }

    fn version_of(&self, builtin: &str) -> u32 {
        self.planner.builtins.version(builtin)
    }
}
