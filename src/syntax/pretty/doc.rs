//! Documents: texts with places where a line may end, and their printing.
//!
//! Comes in: a [`Doc`]. Goes out: lines of at most [`WIDTH`] characters where that can be
//! had. After Wadler's "A prettier printer", with a choice between layouts and with
//! comments that end the line they stand on.

use std::rc::Rc;

/// Characters a line should have at most.
pub(super) const WIDTH: usize = 90;
/// How far what continues a line stands to the right of it.
pub(super) const STEP: usize = 2;

/// A text with places where a line may end. Copies share their parts.
#[derive(Clone, Debug)]
pub(super) enum Doc {
    /// Characters without a line end.
    Text(Rc<str>),
    /// A space, or a line end where the surrounding group is open.
    Line,
    /// Nothing, or a line end where the surrounding group is open.
    Soft,
    /// A line end, unless the line is still empty; `blank` asks for an empty line.
    Hard {
        /// Whether an empty line follows.
        blank: bool,
    },
    /// A comment for the end of the line: what follows it up to there is put before it.
    Trail(Rc<str>),
    /// Only where the surrounding group is closed.
    WhenClosed(&'static str),
    /// One after the other.
    All(Rc<[Doc]>),
    /// With lines that begin further to the right.
    Indent(usize, Rc<Doc>),
    /// Closed when it fits, else open.
    Group(Rc<Doc>),
    /// Always open.
    Open(Rc<Doc>),
    /// Always closed; one layout of a `First`, never its last.
    Closed(Rc<Doc>),
    /// Closed on a line of its own, one step to the right; as `Closed`.
    Below(Rc<Doc>),
    /// The first layout whose first line fits, or the last.
    First(Rc<[Doc]>),
}

impl Doc {
    pub(super) fn text(text: impl Into<Rc<str>>) -> Doc {
        Doc::Text(text.into())
    }

    pub(super) fn none() -> Doc {
        Doc::All(Rc::new([]))
    }

    pub(super) fn all(parts: impl Into<Vec<Doc>>) -> Doc {
        Doc::All(parts.into().into())
    }

    pub(super) fn indent(self, by: usize) -> Doc {
        Doc::Indent(by, Rc::new(self))
    }

    pub(super) fn group(self) -> Doc {
        Doc::Group(Rc::new(self))
    }

    pub(super) fn open(self) -> Doc {
        Doc::Open(Rc::new(self))
    }

    pub(super) fn closed(self) -> Doc {
        Doc::Closed(Rc::new(self))
    }

    pub(super) fn below(self) -> Doc {
        Doc::Below(Rc::new(self))
    }

    /// The layouts in order of liking; the last must do in any case.
    pub(super) fn first(layouts: impl Into<Vec<Doc>>) -> Doc {
        Doc::First(layouts.into().into())
    }

    /// Whether it prints nothing.
    pub(super) fn is_none(&self) -> bool {
        matches!(self, Doc::All(parts) if parts.iter().all(Doc::is_none))
    }
}

/// A line end.
pub(super) const HARD: Doc = Doc::Hard { blank: false };

/// How a group stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Closed,
    Open,
}

/// A document still to be printed.
#[derive(Clone, Copy)]
struct Task<'d> {
    indent: usize,
    mode: Mode,
    doc: &'d Doc,
}

/// One printed line.
#[derive(Default)]
struct Printed {
    code: String,
    comment: Option<Rc<str>>,
}

/// Lay a document out.
pub(super) fn print(doc: &Doc) -> String {
    let mut printer = Printer::default();
    printer.run(doc);
    printer.finish()
}

#[derive(Default)]
struct Printer {
    lines: Vec<Printed>,
    /// The line at hand, without its indentation while it is empty.
    code: String,
    /// Characters of `code`.
    column: usize,
    /// Where the line at hand begins.
    indent: usize,
    /// Whether an empty line is wanted before the line at hand.
    blank: bool,
    /// Comments for the end of the line at hand.
    comments: Vec<Rc<str>>,
}

impl Printer {
    fn run(&mut self, doc: &Doc) {
        let mut tasks = vec![Task {
            indent: 0,
            mode: Mode::Open,
            doc,
        }];
        while let Some(task) = tasks.pop() {
            let as_mode = |mode, doc| Task { mode, doc, ..task };
            match (task.doc, task.mode) {
                (Doc::Text(text), _) => self.write(text),
                (Doc::Line, Mode::Closed) => self.write(" "),
                (Doc::Soft, Mode::Closed) => {}
                (Doc::Line | Doc::Soft, Mode::Open) => self.end_line(task.indent, false),
                (Doc::Hard { blank }, _) => self.end_line(task.indent, *blank),
                (Doc::Trail(comment), _) => self.comments.push(comment.clone()),
                (Doc::WhenClosed(text), Mode::Closed) => self.write(text),
                (Doc::WhenClosed(_), Mode::Open) => {}
                (Doc::All(parts), _) => {
                    tasks.extend(parts.iter().rev().map(|doc| Task { doc, ..task }));
                }
                (Doc::Indent(by, doc), _) => tasks.push(Task {
                    indent: task.indent + by,
                    doc,
                    ..task
                }),
                (Doc::Group(doc), Mode::Open) => {
                    let closed = as_mode(Mode::Closed, doc);
                    let fits = self.fits(closed, self.room(), &tasks);
                    tasks.push(if fits {
                        closed
                    } else {
                        as_mode(Mode::Open, doc)
                    });
                }
                (Doc::Group(doc) | Doc::Closed(doc), _) => {
                    tasks.push(as_mode(Mode::Closed, doc));
                }
                (Doc::Open(doc), _) => tasks.push(as_mode(Mode::Open, doc)),
                (Doc::Below(doc), _) => {
                    self.end_line(task.indent + STEP, false);
                    tasks.push(as_mode(Mode::Closed, doc));
                }
                (Doc::First(layouts), Mode::Closed) => {
                    tasks.extend(layouts.first().map(|doc| Task { doc, ..task }));
                }
                (Doc::First(layouts), Mode::Open) => {
                    let fitting = layouts.iter().find(|doc| {
                        let (doc, room) = match doc {
                            Doc::Below(doc) => {
                                (as_mode(Mode::Closed, doc), below(task.indent))
                            }
                            doc => (Task { doc, ..task }, self.room()),
                        };
                        self.fits(doc, room, &tasks)
                    });
                    let chosen = fitting.or(layouts.last());
                    tasks.extend(chosen.map(|doc| Task { doc, ..task }));
                }
            }
        }
    }

    /// Characters left on the line at hand.
    fn room(&self) -> usize {
        let used = if self.code.is_empty() {
            self.indent
        } else {
            self.column
        };
        WIDTH.saturating_sub(used)
    }

    /// Whether `task` and what follows up to the next line end take at most `room`
    /// characters. Trailing comments take none, but no closed text may follow one.
    fn fits(&self, task: Task<'_>, room: usize, rest: &[Task<'_>]) -> bool {
        let mut room = room;
        let mut commented =
            !self.comments.is_empty() && !matches!(task.doc, Doc::Below(_));
        let mut tasks = vec![task];
        let mut rest = rest.iter().rev();
        while let Some(task) = tasks.pop().or_else(|| rest.next().copied()) {
            let as_mode = |mode, doc| Task { mode, doc, ..task };
            match (task.doc, task.mode) {
                (Doc::Text(text), mode) => {
                    if commented && mode == Mode::Closed {
                        return false;
                    }
                    let width = text.chars().count();
                    if width > room {
                        return false;
                    }
                    room -= width;
                }
                (Doc::Line, Mode::Closed) => {
                    if room == 0 {
                        return false;
                    }
                    room -= 1;
                }
                (Doc::Soft, Mode::Closed) | (Doc::WhenClosed(_), Mode::Open) => {}
                (Doc::Hard { .. } | Doc::Open(_) | Doc::Below(_), Mode::Closed) => {
                    return false;
                }
                (
                    Doc::Line | Doc::Soft | Doc::Hard { .. } | Doc::Below(_),
                    Mode::Open,
                ) => return true,
                (Doc::Trail(_), _) => commented = true,
                (Doc::WhenClosed(text), Mode::Closed) => {
                    room = room.saturating_sub(text.len());
                }
                (Doc::All(parts), _) => {
                    tasks.extend(parts.iter().rev().map(|doc| Task { doc, ..task }));
                }
                (Doc::Indent(_, doc) | Doc::Group(doc) | Doc::Open(doc), _) => {
                    tasks.push(Task { doc, ..task });
                }
                (Doc::Closed(doc), _) => tasks.push(as_mode(Mode::Closed, doc)),
                (Doc::First(layouts), Mode::Closed) => {
                    tasks.extend(layouts.first().map(|doc| Task { doc, ..task }));
                }
                (Doc::First(layouts), Mode::Open) => {
                    tasks.extend(layouts.last().map(|doc| Task { doc, ..task }));
                }
            }
        }
        true
    }

    fn write(&mut self, text: &str) {
        if self.code.is_empty() {
            let text = text.trim_start();
            if text.is_empty() {
                return;
            }
            self.code.extend(std::iter::repeat_n(' ', self.indent));
            self.code.push_str(text);
            self.column = self.indent + text.chars().count();
            return;
        }
        self.code.push_str(text);
        self.column += text.chars().count();
    }

    fn end_line(&mut self, indent: usize, blank: bool) {
        let mut comments = std::mem::take(&mut self.comments).into_iter();
        if !self.code.is_empty() {
            let comment = comments.next();
            self.push_line(comment);
        }
        self.indent = indent;
        for comment in comments {
            self.write(&comment);
            self.push_line(None);
        }
        self.blank |= blank;
    }

    fn push_line(&mut self, comment: Option<Rc<str>>) {
        if std::mem::take(&mut self.blank) && !self.lines.is_empty() {
            self.lines.push(Printed::default());
        }
        let code = std::mem::take(&mut self.code).trim_end().to_owned();
        self.lines.push(Printed { code, comment });
        self.column = 0;
    }

    fn finish(mut self) -> String {
        self.end_line(0, false);
        let mut text = String::new();
        let commented = |line: &Printed| line.comment.is_some();
        for lines in self
            .lines
            .chunk_by(|one, next| commented(one) && commented(next))
        {
            let column = comment_column(lines);
            for line in lines {
                text.push_str(&line.code);
                if let Some(comment) = &line.comment {
                    let code = line.code.chars().count();
                    let gap = column.map_or(2, |column| column - code);
                    text.extend(std::iter::repeat_n(' ', gap));
                    text.push_str(comment);
                }
                text.push('\n');
            }
        }
        text
    }
}

/// Characters of a line below, one step to the right.
fn below(indent: usize) -> usize {
    WIDTH.saturating_sub(indent + STEP)
}

/// Where comments of neighbouring lines stand under each other, if there is room.
fn comment_column(lines: &[Printed]) -> Option<usize> {
    let code = |line: &Printed| line.code.chars().count();
    let comment = |line: &Printed| line.comment.as_ref().map_or(0, |c| c.chars().count());
    let column = 2 + lines.iter().map(code).max()?;
    let widest = lines.iter().map(comment).max()?;
    (column + widest <= WIDTH).then_some(column)
}
