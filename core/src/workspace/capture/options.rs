//! What a capture takes, as its caller says.

use std::time::Duration;

use crate::error::Result;
use crate::limits::{CAPTURE_FILE_BYTES_MAX, CAPTURE_NEW_BYTES_MAX, CAPTURE_NEW_PATHS_MAX};
use crate::object::FilePath;
use crate::session::Glob;

/// What a capture takes of a directory, and what it leaves out.
///
/// Rules and limits stop new paths only: what a session knows is looked at whatever they say.
///
/// ```
/// use std::time::Duration;
/// use partita::workspace::CaptureOptions;
/// let options = CaptureOptions::new()
///     .exclude("*.bin")?
///     .include("dist/report.html")? // although `dist` is ignored
///     .file_bytes_max(1 << 20)
///     .within(Duration::from_secs(5));
/// # Ok::<(), partita::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CaptureOptions {
    include: Vec<Glob>,
    exclude: Vec<Glob>,
    /// Globs of directories of which all below is excluded.
    exclude_directories: Vec<Glob>,
    pub(super) show: Vec<String>,
    pub(super) file_bytes_max: u64,
    pub(super) new_paths_max: u64,
    pub(super) new_bytes_max: u64,
    pub(super) within: Option<Duration>,
    pub(super) message: Option<String>,
    pub(super) anywhere: bool,
    pub(super) enter_mounts: bool,
    pub(super) keeps_missing: bool,
}

impl Default for CaptureOptions {
    fn default() -> Self {
        CaptureOptions {
            include: Vec::new(),
            exclude: Vec::new(),
            exclude_directories: Vec::new(),
            show: Vec::new(),
            file_bytes_max: CAPTURE_FILE_BYTES_MAX,
            new_paths_max: CAPTURE_NEW_PATHS_MAX,
            new_bytes_max: CAPTURE_NEW_BYTES_MAX,
            within: None,
            message: None,
            anywhere: false,
            enter_mounts: false,
            keeps_missing: false,
        }
    }
}

impl CaptureOptions {
    /// Takes what the ignore files of the directory do not name, up to the limits in
    /// [`limits`](crate::limits).
    pub fn new() -> Self {
        CaptureOptions::default()
    }

    /// Takes what matches although an ignore file names it. A glob without `/` brings files out of
    /// directories that are looked into anyway; one with `/` also opens ignored directories on its way.
    ///
    /// # Errors
    /// `Invalid` for a glob that cannot be.
    pub fn include(mut self, glob: &str) -> Result<Self> {
        self.include.push(Glob::new(glob)?);
        Ok(self)
    }

    /// Leaves new paths out that match.
    ///
    /// # Errors
    /// `Invalid` for a glob that cannot be.
    pub fn exclude(mut self, glob: &str) -> Result<Self> {
        self.exclude.push(Glob::new(glob)?);
        let all_below = glob.strip_suffix("/**").or_else(|| glob.strip_suffix('/'));
        if let Some(directory) = all_below.filter(|directory| !directory.is_empty()) {
            self.exclude_directories.push(Glob::new(directory)?);
        }
        Ok(self)
    }

    /// Brings what matches into the view, which a capture leaves as it is otherwise: a file that is
    /// in view goes on there with its new iteration, any other does not come.
    ///
    /// # Errors
    /// `Invalid` for a glob that cannot be.
    pub fn show(mut self, glob: &str) -> Result<Self> {
        Glob::new(glob)?;
        self.show.push(glob.to_owned());
        Ok(self)
    }

    /// Sets the bytes above which a new file is left out;
    /// [`CAPTURE_FILE_BYTES_MAX`] unless told otherwise.
    #[must_use]
    pub fn file_bytes_max(mut self, bytes: u64) -> Self {
        self.file_bytes_max = bytes;
        self
    }

    /// Sets how many new paths are taken at the most; [`CAPTURE_NEW_PATHS_MAX`] unless told otherwise.
    #[must_use]
    pub fn new_paths_max(mut self, paths: u64) -> Self {
        self.new_paths_max = paths;
        self
    }

    /// Sets how many bytes of new files are taken at the most; [`CAPTURE_NEW_BYTES_MAX`] unless told
    /// otherwise.
    #[must_use]
    pub fn new_bytes_max(mut self, bytes: u64) -> Self {
        self.new_bytes_max = bytes;
        self
    }

    /// Sets the time after which the capture records what it has and says that it is partial; the
    /// next one goes on. There is no such time unless told otherwise.
    #[must_use]
    pub fn within(mut self, time: Duration) -> Self {
        self.within = Some(time);
        self
    }

    /// Says in a line what the operation is about; the counts of what changed unless told otherwise.
    #[must_use]
    pub fn message(mut self, message: &str) -> Self {
        self.message = Some(message.to_owned());
        self
    }

    /// Allows the root of the file system and the user's home directory, which are refused otherwise.
    #[must_use]
    pub fn anywhere(mut self) -> Self {
        self.anywhere = true;
        self
    }

    /// Enters directories where another file system is mounted; they are left out otherwise.
    #[must_use]
    pub fn enter_mounts(mut self) -> Self {
        self.enter_mounts = true;
        self
    }

    /// Takes nothing for deleted that is not there: the place may have lost its files.
    pub(crate) fn keep_missing(mut self) -> Self {
        self.keeps_missing = true;
        self
    }

    pub(super) fn includes(&self, path: &FilePath) -> bool {
        self.include.iter().any(|glob| glob.matches(path))
    }

    /// Tells whether something below an ignored directory may be included.
    pub(super) fn may_include_below(&self, directory: &FilePath) -> bool {
        let below = [directory.as_bytes(), b"/"].concat();
        self.include.iter().any(|glob| {
            let prefix = glob.prefix();
            prefix.contains(&b'/') && (prefix.starts_with(&below) || below.starts_with(&prefix))
        })
    }

    pub(super) fn excludes(&self, path: &FilePath, is_directory: bool) -> bool {
        self.exclude.iter().any(|glob| glob.matches(path))
            || is_directory && self.exclude_directories.iter().any(|glob| glob.matches(path))
    }
}
