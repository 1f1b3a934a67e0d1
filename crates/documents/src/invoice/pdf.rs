//! The invoice as a PDF, made when somebody asks for it and stored nowhere (BIL-3).

use super::sheet::{self, Letterhead};
use super::told::Told;
use crate::paper::{self, About, Size};

/// The PDF of an invoice. A receipt is the invoice once it is paid. A logo that cannot be read is left out, and the name stands in its place.
///
/// # Errors
/// A sentence for the log; nothing that stands in a document causes one.
pub fn render(told: &Told<'_>, head: &Letterhead<'_>, size: Size) -> Result<Vec<u8>, String> {
    match written(told, head, size) {
        Err(_) if head.logo.is_some() => written(told, &Letterhead { logo: None, ..head.clone() }, size),
        done => done,
    }
}

fn written(told: &Told<'_>, head: &Letterhead<'_>, size: Size) -> Result<Vec<u8>, String> {
    let pages = sheet::pages(told, head, size);
    let about =
        About { title: sheet::title_of(told.document, told), author: told.document.seller.name.clone(), language: told.language.code(), picture: head.logo };
    paper::write(size.lengths(), &pages, &about)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invoice::tests::{document, to_wire};
    use crate::invoice::{InvoiceStanding, epc};
    use crate::language::Language;
    use crate::paper::{Block, Page, Part, Text, face};
    use tradepost_domain::billing::document::{InvoiceDocument, InvoiceLine};

    const LANGUAGES: [Language; 2] = [Language::English, Language::German];

    fn with_lines(count: i64, description: &str) -> InvoiceDocument {
        let mut document = document();
        let line = |number: i64| InvoiceLine { sku: format!("SKU-{number}"), description: format!("{description} {number}"), ..document.lines[0].clone() };
        let lines: Vec<InvoiceLine> = (1..=count).map(line).collect();
        document.subtotal_minor = lines.iter().map(|line| line.line_minor).sum();
        document.total_minor = document.subtotal_minor;
        document.lines = lines;
        document
    }

    fn laid_out(document: &InvoiceDocument, language: Language, size: Size) -> Vec<Page> {
        let told = Told { document, standing: None, language };
        sheet::pages(&told, &Letterhead::of(&told), size)
    }

    fn said(page: &Page) -> Vec<&str> {
        page.texts.iter().map(|text| text.text.as_str()).collect()
    }

    fn assert_within(pages: &[Page], size: Size) {
        let (wide, high) = size.lengths();
        for (number, page) in pages.iter().enumerate() {
            for text in &page.texts {
                assert!(text.x >= 0 && text.right() <= wide && text.y <= high && text.y > 0, "page {number}: {text:?}");
            }
            for block in &page.blocks {
                assert!(block.x >= 0 && block.x + block.width <= wide && block.y + block.height <= high, "page {number}: {block:?}");
            }
        }
    }

    fn is_pdf(document: &InvoiceDocument, language: Language, size: Size) -> usize {
        let told = Told { document, standing: None, language };
        let bytes = render(&told, &Letterhead::of(&told), size).expect("a PDF");
        assert!(bytes.starts_with(b"%PDF-"));
        bytes.len()
    }

    /// BIL-3: what the page shows stands on paper too, in both languages.
    #[test]
    fn the_paper_says_what_the_page_says() {
        let document = document();
        for language in LANGUAGES {
            let told = Told { document: &document, standing: None, language };
            let pages = laid_out(&document, language, Size::A4);
            let all: String = pages.iter().flat_map(said).collect::<Vec<_>>().join(" ");
            let sums = told.sums().into_iter().flat_map(|sum| [sum.name.to_owned(), sum.amount]);
            let facts = told.facts().into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
            let cells = document.lines.iter().flat_map(|line| told.cells(line).into_iter().chain(told.reductions(line)));
            let ways = told.instructions().into_iter().map(|way| way.name.to_owned());
            let letter = told.seller().into_iter().chain(told.buyer());
            for text in sums.chain(facts).chain(cells).chain(ways).chain(letter).chain([document.number.clone(), told.foot(), told.standing_words()]) {
                assert!(all.contains(&text), "{text} is not in {all}");
            }
            assert!(pages[0].texts.iter().all(|text| text.part == Part::Furniture || face::knows(&text.text)), "{all}");
        }
    }

    /// BIL-3: however many lines there are, the code stands whole on one page, as it is, with four squares free around it.
    #[test]
    fn the_code_of_a_transfer_stands_whole_and_free() {
        let wire = to_wire();
        let instruction = wire.payment_instructions.iter().find_map(|way| way.bank_account.clone()).expect("an account");
        for (count, size) in (1..40).flat_map(|count| [(count, Size::A4), (count, Size::Letter)]) {
            let document = InvoiceDocument { currency: wire.currency, payment_instructions: wire.payment_instructions.clone(), ..with_lines(count, "License") };
            let pages = laid_out(&document, Language::English, size);
            assert_within(&pages, size);
            let code = epc::code(&instruction, document.currency, document.total_minor, &document.number).expect("a code");
            let of = |page: &Page| page.blocks.iter().copied().filter(|block| block.color == [0, 0, 0]).collect::<Vec<Block>>();
            let with: Vec<&Page> = pages.iter().filter(|page| !of(page).is_empty()).collect();
            assert_eq!(with.len(), 1, "{count} lines on {size:?}");
            let blocks = of(with[0]);
            let square = blocks[0].height;
            assert!(square >= 1_984, "0.7 mm");
            let (left, top) = (blocks[0].x, blocks[0].y);
            let at = |length: i32| usize::try_from(length / square).expect("to the right of the corner");
            let drawn: Vec<_> = blocks.iter().map(|block| (at(block.y - top), at(block.x - left), at(block.width))).collect();
            assert_eq!(drawn, code.runs());
            let (side, quiet) = (square * i32::try_from(code.size()).expect("small"), 4 * square);
            for text in &with[0].texts {
                // A letter reaches below its baseline by less than three tenths of its size.
                let apart = text.right() <= left - quiet || text.x >= left + side + quiet;
                assert!(apart || text.y + text.size * 3 / 10 <= top - quiet || text.y - text.size >= top + side + quiet, "{text:?}");
            }
            assert!(said(with[0]).contains(&"Scan to pay") && said(with[0]).contains(&"IBAN: DE89 3704 0044 0532 0130 00"));
        }
    }

    /// BIL-3: however long an address is, the VAT ids and the code stand below it.
    #[test]
    fn a_long_address_does_not_cut_the_vat_id() {
        let mut document = document();
        document.seller.address = vec!["Long street".to_owned(); 12];
        (document.buyer.address, document.buyer.vat_id) = (document.seller.address.clone(), Some("DE123456789".into()));
        for language in LANGUAGES {
            let told = Told { document: &document, standing: None, language };
            let pages = laid_out(&document, language, Size::Letter);
            for text in told.seller_ids().into_iter().chain(told.buyer_ids()) {
                assert!(said(&pages[0]).contains(&text.as_str()), "{text}");
            }
        }
    }

    /// The amounts on paper are those of the document.
    #[test]
    fn the_totals_on_paper_are_those_of_the_document() {
        let mut document = with_lines(3, "License");
        (document.tax_minor, document.shipping_minor, document.discounts_minor) = (1_900, 500, 700);
        document.total_minor = document.total_by_rule().expect("a total");
        let standing = InvoiceStanding { paid_minor: 10_000, today: document.issued_on, canceled: false, test: false };
        let told = Told { document: &document, standing: Some(&standing), language: Language::German };
        let pages = sheet::pages(&told, &Letterhead::of(&told), Size::A4);
        let sums: Vec<&str> =
            pages.iter().flat_map(|page| &page.texts).filter(|text| matches!(text.part, Part::Cell { table: 2, .. })).map(|text| text.text.as_str()).collect();
        let amount = |minor: i64| told.money(minor);
        let wanted = [
            ("Zwischensumme", 450_000),
            ("Steuer", 1_900),
            ("Versand", 500),
            ("Rabatte", -700),
            ("Summe", document.total_minor),
            ("Bezahlt", -10_000),
            ("Offen", document.total_minor - 10_000),
        ];
        let wanted: Vec<String> = wanted.into_iter().flat_map(|(name, minor)| [name.to_owned(), amount(minor)]).collect();
        assert_eq!(sums, wanted);
        assert!(wanted.contains(&"4.517,00\u{a0}USD".to_owned()), "{wanted:?}");
    }

    #[test]
    fn three_hundred_lines_break_onto_pages_that_all_say_what_they_are() {
        for size in [Size::A4, Size::Letter] {
            let document = with_lines(300, "Studio Pro for one device");
            let pages = laid_out(&document, Language::English, size);
            assert!(pages.len() > 10, "{} pages", pages.len());
            assert_within(&pages, size);
            let count = pages.len();
            for (place, page) in pages.iter().enumerate() {
                let said = said(page);
                assert!(said.contains(&format!("{} / {count}", place + 1).as_str()), "{said:?}");
                let has_lines = said.iter().any(|text| text.starts_with("SKU-"));
                assert_eq!(has_lines, said.contains(&"Your price"), "page {place} has lines without their heads");
                if said.contains(&"Total") {
                    assert!(has_lines, "the totals are alone on page {place}");
                }
            }
            let lines = pages.iter().flat_map(said).filter(|text| text.starts_with("SKU-")).count();
            assert_eq!(lines, 300);
            is_pdf(&document, Language::English, size);
        }
    }

    /// However many lines there are, the totals are not alone.
    #[test]
    fn totals_follow_at_least_one_line() {
        for count in 1..40 {
            let pages = laid_out(&with_lines(count, "License"), Language::English, Size::Letter);
            let with_totals = pages.iter().find(|page| said(page).contains(&"Subtotal")).expect("totals");
            assert!(said(with_totals).iter().any(|text| text.starts_with("SKU-")), "{count} lines");
        }
    }

    #[test]
    fn a_hostile_text_neither_panics_nor_runs_over_the_edge() {
        let hostile =
            ["x".repeat(5_000), "שלום עולם ".repeat(200), "😀👨‍👩‍👧‍👦\u{202e}\u{0}\u{7}".repeat(100), "A\u{301}\u{301}\u{301}".repeat(500), "漢字".repeat(900)];
        for text in hostile {
            let mut document = with_lines(2, &text);
            document.buyer.company.clone_from(&text);
            document.buyer.address = vec![text.clone(); 30];
            document.seller.name.clone_from(&text);
            document.reference = Some(text.clone());
            document.lines[0].sku.clone_from(&text);
            document.payment_instructions[0].text = text.lines().map(|line| format!("{line}\n").repeat(3)).collect();
            for size in [Size::A4, Size::Letter] {
                assert_within(&laid_out(&document, Language::German, size), size);
                is_pdf(&document, Language::German, size);
            }
        }
    }

    #[test]
    fn amounts_as_large_as_they_get_stand_beside_each_other() {
        let mut document = with_lines(2, "License");
        for line in &mut document.lines {
            (line.quantity, line.unit_minor, line.list_unit_minor, line.line_minor, line.tax_minor) =
                (100_000, i64::MAX / 9, i64::MAX / 9, i64::MAX / 9, i64::MAX / 9);
        }
        let pages = laid_out(&document, Language::English, Size::A4);
        assert_within(&pages, Size::A4);
        let row = |wanted: usize| {
            pages[0].texts.iter().filter(move |text| matches!(text.part, Part::Cell { table: 1, row, column, .. } if row == wanted && column > 0))
        };
        let cells: Vec<&Text> = row(1).collect();
        assert!(cells.windows(2).all(|pair| pair[0].right() < pair[1].x), "{cells:?}");
    }

    /// BIL-3: a logo of each kind that branding takes stands on paper, one with sixteen bits per color too; a damaged one is left out.
    #[test]
    fn a_logo_of_each_kind_stands_on_paper() {
        let document = document();
        let told = Told { document: &document, standing: None, language: Language::English };
        let set = |logo: Option<&[u8]>| render(&told, &Letterhead { logo, ..Letterhead::of(&told) }, Size::A4).expect("a PDF");
        let has = |pdf: &[u8], words: &[u8]| pdf.windows(words.len()).any(|part| part == words);
        // Each is 24 × 12 pixels.
        let png: &[u8] = include_bytes!("../paper/pictures/logo.png");
        let jpeg: &[u8] = include_bytes!("../paper/pictures/logo.jpg");
        let pictures: [&[u8]; 5] = [
            png,
            jpeg,
            include_bytes!("../paper/pictures/deep.png"),
            include_bytes!("../paper/pictures/logo.webp"),
            include_bytes!("../paper/pictures/photo.webp"),
        ];
        for (place, picture) in pictures.into_iter().enumerate() {
            let pdf = set(Some(picture));
            assert!(has(&pdf, b"/Width 24") && has(&pdf, b"/Height 12"), "picture {place}");
        }
        assert!(has(&set(Some(jpeg)), b"/DCTDecode"), "a JPEG stays one");
        for pdf in [set(None), set(Some(&png[..png.len() - 30])), set(Some(b"RIFF"))] {
            assert!(pdf.starts_with(b"%PDF-") && !has(&pdf, b"/Width 24"));
        }
    }

    /// A picture that is none is left out.
    #[test]
    fn a_letterhead_may_bring_a_color_and_a_picture() {
        let document = document();
        let told = Told { document: &document, standing: None, language: Language::English };
        let head = Letterhead { logo: Some(b"no picture"), accent: Some([0xcc, 0x33, 0x00]), ..Letterhead::of(&told) };
        let pages = sheet::pages(&told, &head, Size::A4);
        assert_eq!((pages[0].blocks[0].color, pages[0].picture.is_some()), ([0xcc, 0x33, 0x00], true));
        assert!(render(&told, &head, Size::A4).expect("a PDF").starts_with(b"%PDF-"));
    }

    /// Writes an example to look at: `TRADEPOST_EXAMPLE=FILE` (with `TRADEPOST_EXAMPLE_GERMAN` in German, on Letter), and
    /// how long it took.
    #[test]
    fn an_example_can_be_looked_at() {
        let wire = to_wire();
        let lines = with_lines(10, "Studio Pro for one device, with updates for one year");
        let mut document = InvoiceDocument { currency: wire.currency, payment_instructions: wire.payment_instructions, ..lines };
        document.lines[3].discount = Some("10 %".into());
        document.lines[5].description = "Schlüssel für Größen ab 5 Geräten — Łódź, Ελλάδα, 漢字 😀".into();
        let standing = InvoiceStanding { paid_minor: 50_000, today: document.issued_on, canceled: false, test: true };
        let german = std::env::var_os("TRADEPOST_EXAMPLE_GERMAN").is_some();
        let (language, size) = if german { (Language::German, Size::Letter) } else { (Language::English, Size::A4) };
        let told = Told { document: &document, standing: Some(&standing), language };
        let began = std::time::Instant::now();
        let bytes = render(&told, &Letterhead::of(&told), size).expect("a PDF");
        println!("{} bytes in {:?}", bytes.len(), began.elapsed());
        if let Some(path) = std::env::var_os("TRADEPOST_EXAMPLE") {
            std::fs::write(path, bytes).expect("the example is written");
        }
    }
}
