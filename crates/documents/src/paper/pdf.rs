//! The PDF of pages: texts with the glyphs that they were measured with, tagged, so that who cannot see them hears them in order.

use super::face::{self, Length};
use super::{Block, Color, Page, Part, Text};
use krilla::color::rgb;
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::metadata::Metadata;
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, TableHeaderScope, Tag, TagGroup, TagTree};
use krilla::text::{GlyphId, KrillaGlyph};
use krilla::{Data, Document};
use std::collections::BTreeMap;
use std::num::NonZeroU16;

/// What a document says of itself.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// Its title.
    pub title: String,
    /// Whose it is.
    pub author: String,
    /// The code of its language.
    pub language: &'static str,
    /// A picture for the room that a page leaves for one: PNG, JPEG or WebP.
    pub picture: Option<&'a [u8]>,
}

/// Makes the PDF.
///
/// # Errors
/// A sentence for the log: the picture cannot be read. There is none that a text could cause.
pub fn write(paper: (Length, Length), pages: &[Page], about: &About<'_>) -> Result<Vec<u8>, String> {
    let picture = about.picture.map(picture_of).transpose()?;
    let mut document = Document::new();
    let mut read = Read::default();
    for page in pages {
        let settings = PageSettings::from_wh(points(paper.0), points(paper.1)).ok_or("a page without a size")?;
        let mut sheet = document.start_page_with(settings);
        let mut surface = sheet.surface();
        surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
        page.blocks.iter().for_each(|block| fill(&mut surface, block));
        if let (Some(picture), Some(room)) = (&picture, &page.picture) {
            place(&mut surface, picture, room);
        }
        surface.end_tagged();
        for text in &page.texts {
            let tag = match text.part {
                Part::Furniture => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
                _ => ContentTag::Span(SpanTag::empty()),
            };
            let identifier = surface.start_tagged(tag);
            draw(&mut surface, text);
            surface.end_tagged();
            read.note(text, identifier);
        }
        surface.finish();
        sheet.finish();
    }
    document.set_tag_tree(read.tree());
    let metadata = Metadata::new().title(about.title.clone()).authors(vec![about.author.clone()]).creator("Tradepost".into());
    document.set_metadata(metadata.language(about.language.to_owned()));
    // Only now is a picture decoded.
    document.finish().map_err(|error| format!("{error:?}"))
}

/// Which kind a picture is, its first byte tells: nothing but these three is a logo.
fn picture_of(bytes: &[u8]) -> Result<Image, String> {
    let data = Data::from(bytes.to_vec());
    match bytes {
        [0x89, ..] => Image::from_png(data, true),
        [0xff, ..] => Image::from_jpeg(data, true),
        _ => Image::from_webp(data, true),
    }
}

/// Everything here is counted in whole numbers; the format wants points with a fraction.
#[allow(clippy::float_arithmetic, reason = "the last step, and nothing is decided by it")]
fn points(length: Length) -> f32 {
    length as f32 / 1_000.0
}

fn color(color: Color) -> Fill {
    Fill { paint: rgb::Color::new(color[0], color[1], color[2]).into(), ..Fill::default() }
}

fn fill(surface: &mut Surface<'_>, block: &Block) {
    let Some(rect) = Rect::from_xywh(points(block.x), points(block.y), points(block.width), points(block.height)) else { return };
    let mut path = PathBuilder::new();
    path.push_rect(rect);
    if let Some(path) = path.finish() {
        surface.set_fill(Some(color(block.color)));
        surface.draw_path(&path);
    }
}

/// A picture as large as its room allows, at the right end of it.
fn place(surface: &mut Surface<'_>, picture: &Image, room: &Block) {
    let (wide, high) = picture.size();
    let (wide, high) = (i64::from(wide.max(1)), i64::from(high.max(1)));
    let (most_wide, most_high) = (i64::from(room.width), i64::from(room.height));
    let (wide, high) = if wide * most_high > high * most_wide { (most_wide, most_wide * high / wide) } else { (most_high * wide / high, most_high) };
    let lengths = Length::try_from(wide).ok().zip(Length::try_from(high).ok());
    let Some((wide, high)) = lengths else { return };
    if let Some(size) = Size::from_wh(points(wide), points(high)) {
        surface.push_transform(&Transform::from_translate(points(room.x + room.width - wide), points(room.y)));
        surface.draw_image(picture.clone(), size);
        surface.pop();
    }
}

fn draw(surface: &mut Surface<'_>, text: &Text) {
    let Some(font) = face::font(text.weight) else { return };
    let shaped: Vec<KrillaGlyph> = face::glyphs(text.weight, &text.text)
        .into_iter()
        .map(|glyph| KrillaGlyph::new(GlyphId::new(glyph.id), points(glyph.advance), 0.0, 0.0, 0.0, glyph.bytes.0..glyph.bytes.1, None))
        .collect();
    surface.set_fill(Some(color(text.color)));
    surface.draw_glyphs(Point::from_xy(points(text.x), points(text.y)), &shaped, font, &text.text, points(text.size), false);
}

/// The cells of a table's rows, by row and column: whether one names the others of its column, and its texts.
type Rows = BTreeMap<usize, BTreeMap<usize, (bool, Vec<Identifier>)>>;

/// What was written, in the order in which it is read.
#[derive(Default)]
struct Read {
    nodes: Vec<Reading>,
    /// The rows of each table; a table stands in [`Read::nodes`] where it begins.
    tables: BTreeMap<usize, Rows>,
}

enum Reading {
    Group(TagGroup),
    Table(usize),
}

impl Read {
    fn note(&mut self, text: &Text, identifier: Identifier) {
        let line = |tag: TagGroup| {
            let mut tag = tag;
            tag.push(identifier);
            Reading::Group(tag)
        };
        match text.part {
            Part::Furniture => {}
            Part::Heading(level) => {
                let level = NonZeroU16::new(u16::from(level)).unwrap_or(NonZeroU16::MIN);
                self.nodes.push(line(TagGroup::new(Tag::Hn(level, Some(text.text.clone())))));
            }
            Part::Line => self.nodes.push(line(TagGroup::new(Tag::P))),
            Part::Cell { table, row, column, head } => {
                if !self.tables.contains_key(&table) {
                    self.nodes.push(Reading::Table(table));
                }
                let cell = self.tables.entry(table).or_default().entry(row).or_default().entry(column).or_insert_with(|| (head, Vec::new()));
                cell.1.push(identifier);
            }
        }
    }

    fn tree(mut self) -> TagTree {
        let mut tree = TagTree::new();
        for node in self.nodes {
            match node {
                Reading::Group(group) => tree.push(group),
                Reading::Table(number) => tree.push(table(self.tables.remove(&number).unwrap_or_default())),
            }
        }
        tree
    }
}

fn table(rows: Rows) -> TagGroup {
    let cell = |(head, identifiers): (bool, Vec<Identifier>)| {
        let children = identifiers.into_iter().map(Node::from).collect();
        let group = if head { TagGroup::with_children(Tag::TH(TableHeaderScope::Column), children) } else { TagGroup::with_children(Tag::TD, children) };
        Node::from(group)
    };
    let row = |cells: BTreeMap<usize, (bool, Vec<Identifier>)>| Node::from(TagGroup::with_children(Tag::TR, cells.into_values().map(cell).collect()));
    TagGroup::with_children(Tag::Table, rows.into_values().map(row).collect())
}
