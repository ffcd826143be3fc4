//! What a library's file tells beyond its note, good or bad: its machine, what it needs of the system, what it exports.
//!
//! Nothing is judged here, so that an operator learns of a bad file all that can still be read.

use super::{ENDIAN, Header, Segments, header, place_in_file, read_note};
use crate::plugin::c_entry;
use abi_stable::library::ROOT_MODULE_LOADER_NAME;
use object::{
    LittleEndian, Object, ObjectSymbol,
    elf::{
        DT_INIT_ARRAYSZ, DT_NEEDED, DT_STRSZ, DT_STRTAB, DT_VERNEED, DT_VERNEEDNUM, Dyn64, EM_386,
        EM_AARCH64, EM_ARM, EM_RISCV, EM_X86_64, Machine, PT_DYNAMIC,
    },
    read::elf::{Dyn, ElfFile64, FileHeader, ProgramHeader},
};
use provider_api::note::Note;

/// How many needed libraries, and needed versions of them, are read at most: a file may say anything.
const MOST: usize = 256;

/// What could be read of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// The processor it is made for.
    pub machine: String,
    /// The note, if it is readable.
    pub note: Option<Note>,
    /// The shared libraries that it is linked to.
    pub needed: Vec<String>,
    /// The least version of glibc that it runs with, if it says.
    pub glibc: Option<String>,
    /// How many functions run as soon as it is loaded; Rust's own are one or two of them.
    pub constructors: Option<u64>,
    /// Its entry points, if its symbols are readable.
    pub exports: Option<Exports>,
}

/// The entry points that a library has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exports {
    /// That of `export_provider!`.
    pub rust: bool,
    /// That of a provider in C.
    pub c: bool,
}

/// Reads what can be read; `None` of what is no ELF file of 64 bits, or only its beginning.
pub fn facts(file: &[u8]) -> Option<Facts> {
    let header = header(file).ok()?;
    let segments = header.program_headers(ENDIAN, file).unwrap_or_default();
    let dynamic = Dynamic::of(segments, file);
    Some(Facts {
        machine: machine(header),
        note: read_note(segments, file).ok(),
        needed: dynamic.as_ref().map(Dynamic::needed).unwrap_or_default(),
        glibc: dynamic.as_ref().and_then(Dynamic::glibc),
        constructors: dynamic.as_ref().map(|dynamic| dynamic.value(DT_INIT_ARRAYSZ).unwrap_or(0) / 8),
        exports: exports(file),
    })
}

/// The entry points; `None` where the symbols cannot be read.
pub(in crate::plugin) fn exports(file: &[u8]) -> Option<Exports> {
    let elf = ElfFile64::<LittleEndian>::parse(file).ok()?;
    let has =
        |name: &str| elf.dynamic_symbols().any(|symbol| symbol.is_definition() && symbol.name() == Ok(name));
    Some(Exports { rust: has(ROOT_MODULE_LOADER_NAME.trim_end_matches('\0')), c: has(c_entry::SYMBOL) })
}

fn machine(header: &Header) -> String {
    let known = |machine: Machine| match machine {
        EM_X86_64 => Some("x86-64"),
        EM_AARCH64 => Some("aarch64"),
        EM_386 => Some("x86"),
        EM_ARM => Some("arm"),
        EM_RISCV => Some("riscv"),
        _ => None,
    };
    let machine = header.e_machine(ENDIAN);
    known(machine).map_or_else(|| format!("ELF machine {}", machine.0), str::to_owned)
}

/// The dynamic section, with all that its addresses lead to.
struct Dynamic<'a> {
    file: &'a [u8],
    segments: Segments<'a>,
    entries: &'a [Dyn64<LittleEndian>],
}

impl<'a> Dynamic<'a> {
    fn of(segments: Segments<'a>, file: &'a [u8]) -> Option<Self> {
        let dynamic = segments.iter().find(|segment| segment.p_type(ENDIAN) == PT_DYNAMIC)?;
        let entries = dynamic.dynamic(ENDIAN, file).ok()??;
        Some(Self { file, segments, entries })
    }

    fn value(&self, tag: object::elf::DynamicTag) -> Option<u64> {
        self.entries.iter().find(|entry| entry.d_tag(ENDIAN) == tag).map(|entry| entry.d_val(ENDIAN))
    }

    fn at(&self, address: u64) -> Option<&'a [u8]> {
        self.file.get(usize::try_from(place_in_file(self.segments, address)?).ok()?..)
    }

    /// A text of the string table.
    fn text(&self, offset: u64) -> Option<String> {
        let size = usize::try_from(self.value(DT_STRSZ)?).ok()?;
        let table = self.at(self.value(DT_STRTAB)?)?;
        let table = table.get(..size).unwrap_or(table);
        let text = table.get(usize::try_from(offset).ok()?..)?.split(|byte| *byte == 0).next()?;
        Some(String::from_utf8_lossy(text).chars().take(200).collect())
    }

    fn needed(&self) -> Vec<String> {
        let needed = self.entries.iter().filter(|entry| entry.d_tag(ENDIAN) == DT_NEEDED);
        needed.take(MOST).filter_map(|entry| self.text(entry.d_val(ENDIAN))).collect()
    }

    /// The highest of the versions `GLIBC_x.y` that it needs.
    fn glibc(&self) -> Option<String> {
        let versions = self.versions();
        let glibc = versions.iter().filter_map(|version| version.strip_prefix("GLIBC_"));
        let numbers = |version: &str| -> Option<Vec<u32>> {
            version.split('.').map(|number| number.parse().ok()).collect()
        };
        glibc
            .filter_map(|version| Some((numbers(version)?, version)))
            .max()
            .map(|(_, version)| version.to_owned())
    }

    /// Every version of a library that it needs (LSB Core 5.0, "Version Requirements").
    fn versions(&self) -> Vec<String> {
        let mut versions = Vec::new();
        let count = usize::try_from(self.value(DT_VERNEEDNUM).unwrap_or(0)).unwrap_or(MOST).min(MOST);
        let Some(mut library) = self.value(DT_VERNEED).and_then(|address| self.at(address)) else {
            return versions;
        };
        for _ in 0..count {
            let (Some(names), Some(first), Some(next)) =
                (half(library, 2), word(library, 8), word(library, 12))
            else {
                break;
            };
            let mut version = library.get(first..);
            for _ in 0..usize::from(names).min(MOST) {
                let Some(found) = version else { break };
                let (Some(name), Some(next)) = (word(found, 8), word(found, 12)) else { break };
                versions.extend(self.text(name as u64));
                version = found.get(next..).filter(|_| next > 0);
            }
            match library.get(next..) {
                Some(following) if next > 0 => library = following,
                _ => break,
            }
        }
        versions
    }
}

fn half(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes))
}

fn word(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}
