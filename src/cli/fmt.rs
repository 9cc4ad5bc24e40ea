//! `tmo fmt`.

use std::io::{Read, stdin};
use std::path::Path;

use super::args::{Args, Fmt, MessageFormat};
use super::files::replace;
use super::messages::{print, say};
use super::{FAILED, FINE};
use crate::diagnostic::{Code, Problem};
use crate::session::{read, text_of};
use crate::source::{LARGEST_SOURCE, Sources, Span};
use crate::syntax::format;
use crate::world::Disk;

/// What stands for the standard input among the files.
const STDIN: &str = "-";

/// Write every file in the house style, or say which are not.
pub fn fmt(args: &Args, options: &Fmt) -> u8 {
    let mut code = FINE;
    for file in &options.files {
        if one(file, options.check, args.message_format) == FAILED {
            code = FAILED;
        }
    }
    code
}

fn one(file: &Path, check: bool, messages: MessageFormat) -> u8 {
    let mut sources = Sources::default();
    let is_stdin = file == Path::new(STDIN);
    let name = match is_stdin {
        true => "<stdin>".to_owned(),
        false => file.display().to_string(),
    };
    let text = match is_stdin {
        true => read_stdin(),
        false => read(&Disk, file),
    };
    let text = match text {
        Ok(text) => text,
        Err(problem) => {
            print(&[*problem], &sources, messages);
            return FAILED;
        }
    };
    let source = sources.add(&name, &text);
    let formatted = match format(&source) {
        Ok(formatted) => formatted,
        Err(problems) => {
            print(&problems, &sources, messages);
            return FAILED;
        }
    };
    let changes = formatted != text;
    if check {
        if changes {
            say(&format!("{name}\n"));
        }
        return if changes { FAILED } else { FINE };
    }
    if is_stdin {
        say(&formatted);
    } else if changes && let Err(error) = replace(file, &formatted) {
        let title = format!("`{name}` cannot be written: {error}");
        let problem = Problem::new(Code::E0902, title, Span::NOWHERE, "")
            .help("the file is as it was; look at its permissions and the disk");
        print(&[problem], &sources, messages);
        return FAILED;
    }
    FINE
}

fn read_stdin() -> Result<String, Box<Problem>> {
    let mut bytes = Vec::new();
    let most = LARGEST_SOURCE as u64 + 1;
    match stdin().lock().take(most).read_to_end(&mut bytes) {
        Ok(_) => text_of(bytes, "<stdin>"),
        Err(error) => {
            let title = format!("the standard input cannot be read: {error}");
            let problem = Problem::new(Code::E0601, title, Span::NOWHERE, "");
            Err(Box::new(problem))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn run(files: &[&Path], check: bool) -> u8 {
        let files = files.iter().map(|file| file.to_path_buf()).collect();
        let options = Fmt { files, check };
        fmt(&args(), &options)
    }

    fn args() -> Args {
        clap::Parser::parse_from(["tmo", "--message-format", "short", "fmt", "x"])
    }

    #[test]
    fn only_what_changes_is_written_and_what_is_broken_stays() {
        let dir = tempfile::tempdir().unwrap();
        let (loose, neat, broken) = (
            dir.path().join("loose.tmo"),
            dir.path().join("neat.tmo"),
            dir.path().join("broken.tmo"),
        );
        fs::write(&loose, "tmo 1\r\nlet a=[1 ,2] // c").unwrap();
        fs::write(&neat, "tmo 1\nlet a = 1\n").unwrap();
        fs::write(&broken, "tmo 1\nlet a=(1").unwrap();
        let before = fs::metadata(&neat).unwrap().modified().unwrap();

        assert_eq!(run(&[&loose], true), FAILED);
        let text = fs::read_to_string(&loose).unwrap();
        assert_eq!(text, "tmo 1\r\nlet a=[1 ,2] // c", "--check writes nothing");

        assert_eq!(run(&[&loose, &neat, &broken], false), FAILED);
        let text = |path: &Path| fs::read_to_string(path).unwrap();
        assert_eq!(text(&loose), "tmo 1\nlet a = [1, 2]  // c\n");
        assert_eq!(text(&broken), "tmo 1\nlet a=(1");
        assert_eq!(fs::metadata(&neat).unwrap().modified().unwrap(), before);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 3);

        assert_eq!(run(&[&loose, &neat], true), FINE);
        assert_eq!(run(&[&dir.path().join("none.tmo")], false), FAILED);
    }

    #[test]
    fn the_library_and_the_examples_are_in_the_house_style() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut seen = 0;
        for folder in ["stdlib", "stdlib/models", "examples"] {
            for entry in fs::read_dir(root.join(folder)).unwrap() {
                let file = entry.unwrap().path();
                if file.extension().is_none_or(|end| end != "tmo") {
                    continue;
                }
                seen += 1;
                assert_eq!(run(&[&file], true), FINE, "tmo fmt {}", file.display());
            }
        }
        assert!(seen > 4, "only {seen} scripts");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("a.tmo"), dir.path().join("b.tmo"));
        fs::write(&file, "tmo 1\nlet a=1").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        assert_eq!(run(&[&link], false), FINE);
        assert_eq!(fs::read_to_string(&file).unwrap(), "tmo 1\nlet a = 1\n");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        let mode = fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
    }
}
