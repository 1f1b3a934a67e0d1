//! Style, script and icons: named by what is in them, kept by browsers for good.

use axum::http::header::CACHE_CONTROL;
use tradepost_design::assets;
use tradepost_web::{Answer, Call, Problem, Routes};

async fn asset(call: Call) -> Result<Answer, Problem> {
    let asset = assets::find(call.request_path()).ok_or_else(Problem::not_found)?;
    Ok(Answer::bytes(asset.kind, asset.text.as_bytes()).header(CACHE_CONTROL, "public, max-age=31536000, immutable"))
}

/// What browsers ask for beside a page that names no mark of its own, such as an invoice.
async fn favicon(_: Call) -> Result<Answer, Problem> {
    let mark = assets::mark();
    Ok(Answer::bytes(mark.kind, mark.text.as_bytes()).header(CACHE_CONTROL, "public, max-age=86400"))
}

/// The style guide: every part that pages are made of. Only where the server was started for a demo.
async fn style_guide(call: Call) -> Result<Answer, Problem> {
    if !call.app().settings.demo {
        return Err(Problem::not_found());
    }
    let look = crate::look::Look::of(&call);
    Ok(Answer::html(tradepost_design::styleguide::page(look.theme())))
}

pub(crate) fn routes(r: &mut Routes) {
    r.get("/assets/{file}", "asset", asset).page().public();
    r.get("/favicon.ico", "favicon", favicon).page().public();
    r.get("/styleguide", "styleGuide", style_guide).page().public();
}
