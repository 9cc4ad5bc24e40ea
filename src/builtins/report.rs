//! Figures and reports: rows and models become plain data that `crate::report` draws.

use std::sync::Arc;

use super::data::{Done, lost};
use super::rows::{lambda, subject, values};
use super::settings::{count, known, symbol};
use super::{scored, tables};
use crate::diagnostic::{Code, Problem};
use crate::ir::{Expr, Kind, Lambda, Setting, Static, describe};
use crate::plan::NodeId;
use crate::report::document::{Content, Document, Origin, Section};
use crate::report::plot::{
    Bars, Cell as MapCell, Figure, Grid, Heatmap, Histogram, Mark, Order, Parity,
    PeriodicTable, Point, Points,
};
use crate::report::{Quantity, Script};
use crate::run::store::Key;
use crate::run::{Cell, Column, Entry, Rows, Runner, Table, Value, Work};
use crate::types::Unit;

/// One function of a row over all rows.
struct Axis {
    quantity: Quantity,
    /// Nothing where every row has one constant: no series are told apart.
    cells: Option<Vec<Cell>>,
    scale: Scale,
}

/// The unit numbers are drawn in.
struct Scale(Option<Unit>);

impl Scale {
    fn of(unit: &str) -> Scale {
        Scale(Unit::parse(unit).ok())
    }

    fn number(&self, x: f64) -> f64 {
        self.0.as_ref().map_or(x, |unit| unit.count_in(x))
    }

    fn mark(&self, cell: &Cell) -> Mark {
        match cell {
            Cell::Number(x) => Mark::Number(self.number(*x)),
            Cell::Missing | Cell::Failed(_) => Mark::Missing,
            other => Mark::Name(tables::said(other, &|x| self.number(x))),
        }
    }

    fn value(&self, cell: &Cell) -> Option<f64> {
        cell.number().map(|x| self.number(x))
    }
}

fn axis(rows: &Rows, work: &Work<'_>, name: &str) -> Result<Axis, Problem> {
    let Lambda { body, .. } = lambda(work, name)?;
    let (bare, unit) = match &body.kind {
        Kind::Shown(of, unit) => (of, &**unit),
        _ => (body, ""),
    };
    let constant = matches!(bare.kind, Kind::Static(Static::Text(_)));
    let cells = match constant {
        true => None,
        false => Some(values(rows, bare, work.span)?),
    };
    Ok(Axis {
        quantity: Quantity::new(title(bare), unit),
        cells,
        scale: Scale::of(unit),
    })
}

impl Axis {
    fn cell(&self, at: usize) -> &Cell {
        let cells = self.cells.as_deref().unwrap_or_default();
        cells.get(at).unwrap_or(&Cell::Missing)
    }

    fn mark(&self, at: usize) -> Mark {
        self.scale.mark(self.cell(at))
    }

    fn value(&self, at: usize) -> Option<f64> {
        self.scale.value(self.cell(at))
    }

    /// The name of a row's series.
    fn series(&self, at: usize) -> String {
        match self.mark(at) {
            Mark::Number(x) => crate::report::plot::number(x),
            Mark::Name(name) => name,
            Mark::Missing => "–".to_owned(),
        }
    }
}

/// What an axis calls an expression: the words of a field, or the expression as written.
fn title(expr: &Expr) -> String {
    let Kind::Field(of, name) = &expr.kind else {
        return describe(expr);
    };
    let name: &str = match &**name {
        "e_above_hull" => "energy above hull",
        "id" => "id",
        "mae" => "MAE",
        "nelements" => "number of elements",
        "nsites" => "number of sites",
        "r2" => "R²",
        "rmse" => "RMSE",
        name => &name.replace('_', " "),
    };
    match &of.kind {
        Kind::Field(..) => format!("{} {name}", title(of)),
        _ => name.to_owned(),
    }
}

fn points(rows: &Rows, work: &Work<'_>) -> Result<Points, Problem> {
    let [x, y] = [axis(rows, work, "x")?, axis(rows, work, "y")?];
    let by = match work.call.setting("by") {
        Some(Setting::Lambda(_)) => Some(axis(rows, work, "by")?),
        _ => None,
    };
    let by = by.filter(|by| by.cells.is_some());
    let point = |at| Point {
        x: x.mark(at),
        y: y.value(at),
        series: by.as_ref().map(|by| by.series(at)).unwrap_or_default(),
    };
    Ok(Points {
        points: (0..rows.len()).map(point).collect(),
        x: x.quantity,
        y: y.quantity,
        by: by.map(|by| by.quantity),
    })
}

fn done(figure: Figure) -> Done {
    Ok(Value::Figure(Arc::new(figure)))
}

/// `bars(…)`.
pub fn bars(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let rows = subject(runner, work)?;
    let order = match symbol(work.call, "sort") {
        Some("ascending") => Order::Ascending,
        Some("descending") => Order::Descending,
        _ => Order::Given,
    };
    let mut data = points(&rows, work)?;
    // Without an order of their own, series stand as numbers and names do.
    if order == Order::Given {
        sort_series(&mut data);
    }
    done(Figure::Bars(Bars { data, order }))
}

/// Series that are numbers, by size.
fn sort_series(data: &mut Points) {
    let number = |one: &Point| one.series.parse::<f64>().ok();
    if data.points.iter().all(|one| number(one).is_some()) {
        data.points.sort_by(|a, b| {
            let [a, b] = [a, b].map(|one| number(one).unwrap_or_default());
            a.total_cmp(&b)
        });
    }
}

/// `lines(…)`.
pub fn lines(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let rows = subject(runner, work)?;
    let mut data = points(&rows, work)?;
    sort_series(&mut data);
    done(Figure::Lines(data))
}

/// `scatter(…)`.
pub fn scatter(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let rows = subject(runner, work)?;
    let mut data = points(&rows, work)?;
    sort_series(&mut data);
    done(Figure::Scatter(data))
}

/// `boxes(…)`.
pub fn boxes(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let rows = subject(runner, work)?;
    done(Figure::Boxes(points(&rows, work)?))
}

/// `histogram(…)`.
pub fn histogram(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let rows = subject(runner, work)?;
    let of = axis(&rows, work, "of")?;
    let shares = match known(work.call, "shares") {
        Some(Static::List(shares)) => shares.as_slice(),
        _ => &[],
    };
    let shares = shares.iter().filter_map(Static::as_f64);
    done(Figure::Histogram(Histogram {
        values: (0..rows.len()).map(|at| of.value(at)).collect(),
        bins: count(work.call, "bins").ok_or_else(|| lost(work.span))?,
        shares: shares.map(|x| of.scale.number(x)).collect(),
        of: of.quantity,
    }))
}

/// `heatmap(…)`.
pub fn heatmap(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let rows = subject(runner, work)?;
    let [x, y, value] = [
        axis(&rows, work, "x")?,
        axis(&rows, work, "y")?,
        axis(&rows, work, "value")?,
    ];
    let cell = |at| MapCell {
        x: x.mark(at),
        y: y.mark(at),
        value: value.value(at),
    };
    done(Figure::Heatmap(Heatmap {
        cells: (0..rows.len()).map(cell).collect(),
        x: x.quantity,
        y: y.quantity,
        value: value.quantity,
    }))
}

/// `periodic_table`.
pub fn periodic_table(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let Rows::Table(table) = subject(runner, work)? else {
        return Err(lost(work.span));
    };
    let holds = |fits: fn(&Cell) -> bool| {
        let column = |one: &&Column| one.cells.iter().any(fits);
        table.columns.iter().find(column)
    };
    let elements = holds(|cell| matches!(cell, Cell::Element(_)));
    let numbers = holds(|cell| matches!(cell, Cell::Number(_)));
    let mut figure = PeriodicTable::default();
    if let (Some(elements), Some(numbers)) = (elements, numbers) {
        let scale = Scale::of(&numbers.unit);
        let name = numbers.name.replace('_', " ");
        figure.value = Quantity::new(name, &*numbers.unit);
        for at in 0..table.rows {
            if let Cell::Element(element) = elements.cell(at) {
                figure
                    .elements
                    .push((element, scale.value(&numbers.cell(at))));
            }
        }
    }
    done(Figure::PeriodicTable(figure))
}

/// `parity`.
pub fn parity(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let input = runner.input(work)?;
    let (target, rows) = scored(runner, input)?.predicted();
    done(Figure::Parity(Parity {
        target,
        rows,
        title: String::new(),
    }))
}

/// `learning_curve`.
pub fn learning_curve(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let input = runner.input(work)?;
    done(Figure::LearningCurve(scored(runner, input)?.course()))
}

/// `grid(…)`.
pub fn grid(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let mut figures = Vec::new();
    for input in work.inputs {
        match runner.value(*input)? {
            Value::Figure(figure) => figures.push((*figure).clone()),
            _ => return Err(lost(work.span)),
        }
    }
    let columns = count(work.call, "columns").ok_or_else(|| lost(work.span))?;
    done(Figure::Grid(Grid { figures, columns }))
}

/// `report(…)`. Who asks adds the script and the lines.
pub fn report(runner: &mut Runner<'_>, work: &Work<'_>) -> Done {
    let title = match known(work.call, "title") {
        Some(Static::Text(title)) => title.to_string(),
        _ => return Err(lost(work.span)),
    };
    let mut nodes = work.inputs.iter();
    let mut sections = Vec::new();
    for entry in &work.call.inputs {
        let (content, origin) = match &entry.kind {
            Kind::Static(Static::Text(text)) => (Content::Text(text.to_string()), None),
            _ => {
                let node = nodes.next().copied().ok_or_else(|| lost(work.span))?;
                (shown(runner, node, work)?, Some(origin(runner, node)))
            }
        };
        sections.push(Section {
            title: String::new(),
            content,
            origin,
        });
    }
    Ok(Value::Report(Arc::new(Document {
        title,
        sections,
        provenance: super::summary::provenance(runner, work.id),
        ..Document::default()
    })))
}

/// What a report shows of a node.
fn shown(
    runner: &mut Runner<'_>,
    node: NodeId,
    work: &Work<'_>,
) -> Result<Content, Problem> {
    Ok(match runner.value(node)? {
        Value::Figure(figure) => Content::Figure((*figure).clone()),
        Value::Table(table) => Content::Table(tables::plain(&table)),
        Value::Evaluated(_) | Value::Trained(..) => {
            let evaluation = scored(runner, node)?;
            Content::Study(evaluation.report("", "", Script::default()).into())
        }
        Value::Cell(Cell::Fields(fields)) => {
            let column = |field: &Entry| Column {
                name: field.name.clone(),
                unit: field.unit.clone(),
                cells: vec![field.cell.clone()],
            };
            let table = Table::new(fields.iter().map(column).collect());
            Content::Table(tables::plain(&table))
        }
        _ => return Err(lost(work.span)),
    })
}

/// The document of a study that is a figure.
pub fn of_figure(runner: &Runner<'_>, id: NodeId, figure: &Figure) -> Document {
    let section = Section {
        title: String::new(),
        content: Content::Figure(figure.clone()),
        origin: Some(origin(runner, id)),
    };
    Document {
        sections: vec![section],
        provenance: super::summary::provenance(runner, id),
        ..Document::default()
    }
}

fn origin(runner: &Runner<'_>, id: NodeId) -> Origin {
    let key = runner.plan.node(id).map(|node| Key::from_bytes(node.key));
    Origin {
        key: key.map(|key| key.to_string()).unwrap_or_default(),
        ..Origin::default()
    }
}

/// A figure that cannot be drawn, as a message.
pub fn undrawable(
    problem: &crate::report::ReportProblem,
    span: crate::source::Span,
) -> Problem {
    Problem::new(Code::E0902, problem.to_string(), span, "this figure")
        .help(problem.help())
}
