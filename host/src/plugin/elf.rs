//! Everything that can be learnt of a library's file without running a byte of it.
//!
//! A cut-off file would end the host with a bus error inside `dlopen`, so each segment is held against the file's
//! length first (System V gABI, chapters 4 and 5).

mod facts;

pub(super) use facts::exports;
pub use facts::{Exports, Facts, facts};
use object::{
    LittleEndian,
    elf::{
        DT_STRSZ, DT_STRTAB, DT_TEXTREL, ET_DYN, FileHeader64, PF_W, PF_X, PT_DYNAMIC, PT_GNU_STACK,
        PT_INTERP, PT_LOAD, ProgramHeader64, SectionHeader64,
    },
    read::elf::{Dyn, FileHeader, ProgramHeader},
};
use provider_api::{
    hosts::Pattern,
    note::{self, Note},
};

/// Why a file is no library that this host could load.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// Not an ELF file at all.
    #[error("not a 64-bit ELF file")]
    NotElf,
    /// Made for another processor.
    #[error("built for another machine (ELF machine {0})")]
    Machine(u16),
    /// An executable or an object file.
    #[error("not a shared library")]
    NotLibrary,
    /// The file ends before what its headers promise.
    #[error("truncated: it has {length} bytes of at least {end}")]
    Truncated {
        /// How many it should have at least.
        end: u64,
        /// How many it has.
        length: u64,
    },
    /// The headers contradict themselves or ask for something a library must not have.
    #[error("malformed: {0}")]
    Malformed(&'static str),
    /// A library, but nobody's provider.
    #[error("not a provider: it has no Passrelay note")]
    NoNote,
    /// A note that cannot be read.
    #[error("its Passrelay note is unreadable: {0}")]
    BadNote(String),
    /// A note without the entry point behind it.
    #[error("not a provider: it exports no entry point")]
    NoEntry,
    /// Built for another major version of the boundary.
    #[error("built with provider-api {api}, this host speaks {ours}")]
    Major {
        /// What it was built with.
        api: String,
        /// What this host speaks.
        ours: &'static str,
    },
    /// Needs a newer host.
    #[error("needs a host that speaks provider-api {needed}, this one speaks {ours}")]
    HostTooOld {
        /// What it needs.
        needed: String,
        /// What this host speaks.
        ours: &'static str,
    },
}

impl InspectError {
    /// What an operator can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Truncated { .. } => "copy the file again: it may still have been on its way",
            Self::Machine(_) => "take the build for this machine's processor",
            Self::Major { .. } => "take a build of the library for this host, or the host it was built for",
            Self::HostTooOld { .. } => "update Passrelay",
            Self::NotElf | Self::NotLibrary | Self::NoNote | Self::NoEntry => {
                "only provider libraries belong into this folder"
            }
            Self::Malformed(_) | Self::BadNote(_) => "get the file from its author again",
        }
    }
}

const ENDIAN: LittleEndian = LittleEndian;

#[cfg(target_arch = "x86_64")]
const MACHINE: object::elf::Machine = object::elf::EM_X86_64;
#[cfg(target_arch = "aarch64")]
const MACHINE: object::elf::Machine = object::elf::EM_AARCH64;

/// Reads the note of a library's file, once everything else about the file is in order.
///
/// # Errors
///
/// When loading the file could not work, or would not be safe to try.
pub fn inspect(file: &[u8]) -> Result<Note, InspectError> {
    let header = header(file)?;
    if header.e_machine(ENDIAN) != MACHINE {
        return Err(InspectError::Machine(header.e_machine(ENDIAN).0));
    }
    if header.e_type(ENDIAN) != ET_DYN {
        return Err(InspectError::NotLibrary);
    }
    check_tables(header, file.len() as u64)?;
    let segments =
        header.program_headers(ENDIAN, file).map_err(|_| InspectError::Malformed("the program headers"))?;
    check_segments(segments, file.len() as u64)?;
    check_dynamic(segments, file)?;
    let note = read_note(segments, file)?;
    check_versions(&note)?;
    match exports(file) {
        Some(exports) if exports.rust || exports.c => Ok(note),
        Some(_) => Err(InspectError::NoEntry),
        None => Err(InspectError::Malformed("the section headers")),
    }
}

type Header = FileHeader64<LittleEndian>;

fn header(file: &[u8]) -> Result<&Header, InspectError> {
    // A 64-bit file whose numbers begin with their least byte.
    const BEGINNING: &[u8] = b"\x7fELF\x02\x01";
    let (length, whole) = (file.len() as u64, size_of::<Header>() as u64);
    // A copy that has only begun, be it with nothing.
    if length < whole && (file.starts_with(BEGINNING) || BEGINNING.starts_with(file)) {
        return Err(InspectError::Truncated { end: whole, length });
    }
    Header::parse(file).map_err(|_| InspectError::NotElf)
}

/// The tables of segments and of sections have to lie in the file. Linkers write the latter last, so that it is what a
/// copy on its way lacks first.
fn check_tables(header: &Header, length: u64) -> Result<(), InspectError> {
    let end = |offset: u64, count: u16, size: usize| offset.saturating_add(u64::from(count) * size as u64);
    let segments =
        end(header.e_phoff(ENDIAN), header.e_phnum(ENDIAN), size_of::<ProgramHeader64<LittleEndian>>());
    let sections =
        end(header.e_shoff(ENDIAN), header.e_shnum(ENDIAN), size_of::<SectionHeader64<LittleEndian>>());
    let end = segments.max(sections);
    if end > length { Err(InspectError::Truncated { end, length }) } else { Ok(()) }
}

type Segments<'a> = &'a [ProgramHeader64<LittleEndian>];

fn check_segments(segments: Segments<'_>, length: u64) -> Result<(), InspectError> {
    let (mut loads, mut mapped_to) = (0, 0);
    for segment in segments {
        let flags = segment.p_flags(ENDIAN);
        match segment.p_type(ENDIAN) {
            PT_LOAD => {
                check_load(segment, length, mapped_to)?;
                mapped_to = segment.p_vaddr(ENDIAN).saturating_add(segment.p_memsz(ENDIAN));
                loads += 1;
            }
            PT_INTERP => return Err(InspectError::NotLibrary),
            PT_GNU_STACK if flags & PF_X == PF_X => {
                return Err(InspectError::Malformed("it asks for an executable stack"));
            }
            _ => {}
        }
    }
    if loads == 0 { Err(InspectError::Malformed("it has nothing to load")) } else { Ok(()) }
}

fn check_load(
    segment: &ProgramHeader64<LittleEndian>,
    length: u64,
    mapped_to: u64,
) -> Result<(), InspectError> {
    let (offset, in_file) = (segment.p_offset(ENDIAN), segment.p_filesz(ENDIAN));
    let (address, in_memory) = (segment.p_vaddr(ENDIAN), segment.p_memsz(ENDIAN));
    let (align, flags) = (segment.p_align(ENDIAN), segment.p_flags(ENDIAN));
    let end = offset.saturating_add(in_file);
    if end > length {
        return Err(InspectError::Truncated { end, length });
    }
    if in_file > in_memory
        || in_memory > 1 << 30
        || address < mapped_to
        || address.checked_add(in_memory).is_none()
    {
        return Err(InspectError::Malformed("a segment's size or place"));
    }
    if align > 1 && (!align.is_power_of_two() || address % align != offset % align) {
        return Err(InspectError::Malformed("a segment's alignment"));
    }
    if flags & (PF_W | PF_X) == PF_W | PF_X {
        return Err(InspectError::Malformed("a segment is both writable and executable"));
    }
    Ok(())
}

/// The dynamic section has to lie in the file, with a string table that does, and without text relocations.
fn check_dynamic(segments: Segments<'_>, file: &[u8]) -> Result<(), InspectError> {
    let malformed = InspectError::Malformed("the dynamic section");
    let dynamic =
        segments.iter().find(|segment| segment.p_type(ENDIAN) == PT_DYNAMIC).ok_or(malformed.clone())?;
    let entries = dynamic.dynamic(ENDIAN, file).ok().flatten().ok_or(malformed.clone())?;
    let value =
        |tag| entries.iter().find(|entry| entry.d_tag(ENDIAN) == tag).map(|entry| entry.d_val(ENDIAN));
    if value(DT_TEXTREL).is_some() {
        return Err(InspectError::Malformed("it has text relocations"));
    }
    let at =
        value(DT_STRTAB).and_then(|address| place_in_file(segments, address)).ok_or(malformed.clone())?;
    let end = value(DT_STRSZ).and_then(|size| at.checked_add(size)).ok_or(malformed.clone())?;
    if end > file.len() as u64 { Err(malformed) } else { Ok(()) }
}

fn place_in_file(segments: Segments<'_>, address: u64) -> Option<u64> {
    segments.iter().filter(|segment| segment.p_type(ENDIAN) == PT_LOAD).find_map(|segment| {
        let within = address.checked_sub(segment.p_vaddr(ENDIAN))?;
        if within < segment.p_filesz(ENDIAN) { segment.p_offset(ENDIAN).checked_add(within) } else { None }
    })
}

fn read_note(segments: Segments<'_>, file: &[u8]) -> Result<Note, InspectError> {
    for segment in segments {
        let Ok(Some(mut notes)) = segment.notes(ENDIAN, file) else { continue };
        while let Ok(Some(found)) = notes.next() {
            if found.name() == note::OWNER && found.n_type(ENDIAN).0 == note::TYPE {
                return parse_note(found.desc());
            }
        }
    }
    Err(InspectError::NoNote)
}

fn parse_note(json: &[u8]) -> Result<Note, InspectError> {
    // A compiler of C ends a text by a zero, and fills up with more.
    let end = json.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let json = json.get(..end).unwrap_or_default();
    let note: Note =
        serde_json::from_slice(json).map_err(|cause| InspectError::BadNote(cause.to_string()))?;
    if !provider_api::is_word(&note.id) {
        return Err(InspectError::BadNote(
            "its id is no lower-case word of at most 32 letters, digits and `_`".into(),
        ));
    }
    Pattern::parse_all(&note.hosts)
        .map_err(|cause| InspectError::BadNote(format!("in its hosts, {cause}")))?;
    Ok(note)
}

fn check_versions(note: &Note) -> Result<(), InspectError> {
    let ours = provider_api::API_VERSION;
    let major = |version: &str| version.split('.').next().and_then(|number| number.parse::<u32>().ok());
    if major(&note.api).is_none() || major(&note.api) != major(ours) {
        return Err(InspectError::Major { api: note.api.chars().take(40).collect(), ours });
    }
    let minor =
        |version: &str| version.split('.').nth(1).and_then(|number| number.parse::<u32>().ok()).unwrap_or(0);
    if minor(&note.host) > minor(ours) {
        return Err(InspectError::HostTooOld { needed: note.host.chars().take(40).collect(), ours });
    }
    Ok(())
}
