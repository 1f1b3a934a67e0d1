//! Passkeys: added by a software authenticator, used as a second step, alone, and as a proof (PAR-15).

use crate::authenticator::Authenticator;
use crate::factors::{PASSWORD, password, rita, switch_on, text};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value as Json, json};
use tradepost_kernel::passkey::{Broken, RelyingParty, asserted, from_text};
use tradepost_kernel::secret::sha256;
use tradepost_testkit::app_test;
use tradepost_testkit::http::{Asker, Http, Reply};

/// Adds a passkey.
async fn add(asker: &Asker, device: &mut Authenticator) -> Json {
    let asked = asker.act("/v1/me/passkeys/challenges").await.must(201);
    asker.post("/v1/me/passkeys", device.create(&asked)).await.must(201)
}

async fn challenge(http: &Http) -> Json {
    http.nobody().act("/v1/sessions/passkey-challenges").await.must(201)
}

async fn enter(http: &Http, answer: Json) -> Reply {
    http.nobody().post("/v1/sessions/passkeys", answer).await
}

fn refused(reply: &Reply) -> bool {
    reply.said() == (401, "passkey_refused".to_owned())
}

fn unverified(reply: &Reply) -> bool {
    reply.said() == (422, "user_verification_required".to_owned())
}

/// The fields of a form.
fn fields(answer: &Json) -> String {
    answer.as_object().expect("fields").iter().map(|(name, value)| format!("{name}={}", text(value))).collect::<Vec<_>>().join("&")
}

/// A key of an RSA authenticator and what it signed: both made by OpenSSL, its private half thrown away.
const RSA_N: &str = "p4XoKutFuB4x_KDPQf-mjEApxOpCEZ9msNsipVwtIlWOoVU_uxsdErpr_jIT71kuBuxoUt8U1C5_UIpjJN8brMVyRUtVGbtjqGZbRGt27sU8ipUPu28Qq7-_eEp6e7PWB-\
     sOkQIpIkHEo7_LdWGyEyumHBrDTyxS8WncCoEFcNpDqH4MPW_B06VVI7H3fM3cNGj7E5rhIrXKz3TlSxsIp9uJTy39g9d1O30dZ_57kKFcO-mP3ZLAjNK7wceFSlCV4qMW\
     NFKr9xdj-oBfdTin3XxFHfg-TSa-zgFv_fAJ_xlB0yzli2fjpiRaAK9npxLLTmBrSZ-saAHAKXqfh4qTlQ";
const RSA_SIGNATURE: &str = "VP_Xln-8lSx-cMUt7qAoCm-2eUMKnBfBRBdAitImtHZzpEpV5TduptUSzCDHEt26jICSyqOoYNjYXP4S7jeSsB-oV0Qo9k7uXgmpbVTFdChWl5bAsei9rbkvYfZbqUilmR\
     7ukarmfhPwbVgGW6_XqAIy7j1JIlDaI1tQaInv_ylXjDCmmF2dvdwSGzVrDE3lg7mhk0A2T1AE2GeapgadlVaDr2ZdEfTMJhiqfeSaLj3h-xsf9RFvvzbs_zdPP1VsywH0\
     cFaOSiK1ubPMneB5AODwqNGzdrYmg6qaBx7uNYCRrcDNC8VwrrHNPVkwCcMsHjhQO7m1ZwNVAf7fN7SAZA";

const CLIENT_DATA: &[u8] = br#"{"type":"webauthn.get"}"#;

/// The data of an authenticator that was asked at `localhost`, made sure of its person, and signed for the seventh time.
fn seventh() -> Vec<u8> {
    [&sha256(b"localhost")[..], &[5, 0, 0, 0, 7]].concat()
}

fn judged(signature: &[u8], key: &[u8]) -> Result<(i64, bool), Broken> {
    let party = RelyingParty::of("http://localhost");
    asserted(CLIENT_DATA, &seventh(), signature, key, &party).map(|said| (said.sign_count, said.verified))
}

/// PAR-15: EdDSA, as some security keys sign.
#[test]
fn an_ed25519_key_signs_and_no_other_bit_does() {
    let random = SystemRandom::new();
    let pair = Ed25519KeyPair::generate_pkcs8(&random).expect("a key");
    let pair = Ed25519KeyPair::from_pkcs8(pair.as_ref()).expect("a key pair");
    // {1: 1, 3: -8, -1: 6, -2: x}
    let key = [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32][..], pair.public_key().as_ref()].concat();
    let signature = pair.sign(&[&seventh()[..], &sha256(CLIENT_DATA)].concat());
    assert_eq!(judged(signature.as_ref(), &key), Ok((7, true)));
    let mut wrong = signature.as_ref().to_vec();
    wrong[9] ^= 1;
    assert!(judged(&wrong, &key).is_err());
}

/// PAR-15: RS256, as Windows Hello signs on older machines.
#[test]
fn an_rsa_key_signs_and_no_other_bit_does() {
    let (n, signature) = (from_text(RSA_N).expect("n"), from_text(RSA_SIGNATURE).expect("a signature"));
    // {1: 3, 3: -257, -1: n, -2: 65537}
    let key = [&[0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59, 1, 0][..], &n, &[0x21, 0x43, 1, 0, 1]].concat();
    assert_eq!(judged(&signature, &key), Ok((7, true)));
    let mut wrong = signature;
    wrong[9] ^= 1;
    assert!(judged(&wrong, &key).is_err());
}

app_test! {
    /// PAR-15: a passkey is made for this server and this person, listed, renamed, and gone once removed.
    async fn a_passkey_is_added_listed_renamed_and_removed(app) {
        let (http, rita) = rita(&app).await;
        let mut phone = Authenticator::new("phone");
        let asked = rita.act("/v1/me/passkeys/challenges").await.must(201);
        assert_eq!((&asked["rp_id"], &asked["user_name"], &asked["exclude"]), (&json!("localhost"), &json!("rita@contoso.example"), &json!([])));
        let made = phone.create(&asked);
        let added = rita.post("/v1/me/passkeys", made.clone()).await.must(201);
        assert_eq!((&added["name"], &added["last_used_at"]), (&json!("Phone"), &Json::Null));
        assert_eq!(rita.post("/v1/me/passkeys", made).await.said(), (422, "invalid_passkey".into()), "a challenge is good for one answer");
        let again = rita.act("/v1/me/passkeys/challenges").await.must(201);
        assert_eq!(again["exclude"].as_array().map(Vec::len), Some(1));
        assert_eq!(rita.post("/v1/me/passkeys", phone.create(&again)).await.said(), (409, "passkey_known".into()));

        assert_eq!(enter(&http, phone.get(&challenge(&http).await)).await.status, 201);
        let listed = rita.get("/v1/me/passkeys").await.must(200);
        assert!(listed["data"].as_array().map(Vec::len) == Some(1) && !listed["data"][0]["last_used_at"].is_null(), "{listed}");
        let path = format!("/v1/me/passkeys/{}", text(&added["id"]));
        assert_eq!(rita.patch(&path, json!({"name": "Old phone"})).await.must(200)["name"], "Old phone");
        assert_eq!(rita.send("DELETE", &path, None).await.status, 204);
        assert_eq!(rita.send("DELETE", &path, None).await.status, 404);
        assert!(refused(&enter(&http, phone.get(&challenge(&http).await)).await), "removed");
    }

    /// PAR-15: what was made for another server, page, person or moment is not taken.
    async fn a_registration_that_was_not_made_for_this_is_refused(app) {
        let (http, rita) = rita(&app).await;
        let fresh = || async { rita.act("/v1/me/passkeys/challenges").await.must(201) };
        let mut elsewhere = Authenticator::new("elsewhere");
        elsewhere.origin = "http://localhost.evil.example".into();
        let mut other_host = Authenticator::new("other host");
        other_host.host = "evil.example".into();
        for device in [&mut elsewhere, &mut other_host] {
            let made = device.create(&fresh().await);
            assert_eq!(rita.post("/v1/me/passkeys", made).await.said(), (422, "invalid_passkey".into()));
        }
        let mut phone = Authenticator::new("phone");
        let for_sign_in = challenge(&http).await;
        assert_eq!(rita.post("/v1/me/passkeys", phone.create(&for_sign_in)).await.said(), (422, "invalid_passkey".into()), "another purpose");
        let late = fresh().await;
        app.clock.advance_ms(5 * 60_000);
        assert_eq!(rita.post("/v1/me/passkeys", phone.create(&late)).await.said(), (422, "invalid_passkey".into()), "too late");
        let broken = json!({"name": "x", "client_data": "e30", "attestation_object": "oA"});
        assert_eq!(rita.post("/v1/me/passkeys", broken).await.said(), (422, "invalid_passkey".into()));
        assert_eq!(rita.get("/v1/me/passkeys").await.must(200)["data"], json!([]));
    }

    /// PAR-15: a passkey alone signs in where it made sure of its person; it answers a challenge once, and its counter goes on.
    async fn a_passkey_alone_signs_in_and_its_answer_is_good_once(app) {
        let (http, rita) = rita(&app).await;
        let mut phone = Authenticator::new("phone");
        add(&rita, &mut phone).await;
        switch_on(&app, &rita).await;
        let answer = phone.get(&challenge(&http).await);
        let begun = enter(&http, answer.clone()).await.must(201);
        let inside = http.with(text(&begun["token"]));
        assert_eq!(inside.get("/v1/sessions").await.must(200)["data"][0]["way"], "passkey", "two factors in one");
        assert!(refused(&enter(&http, answer).await), "the same answer again");

        phone.verifies = false;
        let asked = challenge(&http).await;
        assert_eq!(asked["user_verification"], "required");
        assert!(unverified(&enter(&http, phone.get(&asked)).await), "it did not make sure of the person");
        phone.verifies = true;
        phone.count = 0;
        assert!(refused(&enter(&http, phone.get(&challenge(&http).await)).await), "a copy, by its counter");
        phone.count = 50;
        phone.origin = "https://localhost".into();
        assert!(refused(&enter(&http, phone.get(&challenge(&http).await)).await), "another origin");
        phone.origin = "http://localhost".into();
        let late = challenge(&http).await;
        app.clock.advance_ms(5 * 60_000);
        assert!(refused(&enter(&http, phone.get(&late)).await), "too late");
        let mut forged = phone.get(&challenge(&http).await);
        forged["signature"] = json!("MEQCIAAA");
        assert!(refused(&enter(&http, forged).await));
        let mut stranger = Authenticator::new("phone");
        stranger.count = 90;
        assert!(refused(&enter(&http, stranger.get(&challenge(&http).await)).await), "another key of that name");
        assert_eq!(enter(&http, phone.get(&challenge(&http).await)).await.status, 201);
    }

    /// PAR-15: the same answer sent twice at the same moment opens one session.
    async fn the_same_answer_sent_twice_at_once_opens_one_session(app) {
        let (http, rita) = rita(&app).await;
        let mut phone = Authenticator::new("phone");
        add(&rita, &mut phone).await;
        let answer = phone.get(&challenge(&http).await);
        let (first, second) = tokio::join!(enter(&http, answer.clone()), enter(&http, answer));
        assert_eq!([first, second].iter().filter(|reply| reply.status == 201).count(), 1);
    }

    /// PAR-15: a passkey does the second step of its own person, and of nobody else.
    async fn a_passkey_does_the_second_step_of_its_person(app) {
        let (http, rita) = rita(&app).await;
        let mut phone = Authenticator::new("phone");
        add(&rita, &mut phone).await;
        assert_eq!(password(&http, PASSWORD).await.status, 201, "a passkey alone asks for no second step");
        switch_on(&app, &rita).await;
        let asked = password(&http, PASSWORD).await.must(202)["second_step"].clone();
        assert_eq!(asked["methods"], json!(["code", "recovery_code", "passkey"]));
        phone.verifies = false;
        let answer = json!({"token": asked["token"], "passkey": phone.get(&challenge(&http).await)});
        assert_eq!(http.nobody().post("/v1/sessions/second-step", answer).await.said(), (401, "second_step_failed".into()), "a challenge of another purpose");
        assert_eq!(asked["passkey"]["user_verification"], "preferred", "the password was right");
        let answer = json!({"token": asked["token"], "passkey": phone.get(&asked["passkey"])});
        let begun = http.nobody().post("/v1/sessions/second-step", answer).await.must(201);
        assert_eq!(http.with(text(&begun["token"])).get("/v1/sessions").await.must(200)["data"][0]["way"], "password_passkey");
    }

    /// PAR-15, PLT-12: a passkey proves within a session that it is its person.
    async fn a_passkey_proves_that_it_is_its_person(app) {
        let (_http, rita) = rita(&app).await;
        let mut phone = Authenticator::new("phone");
        add(&rita, &mut phone).await;
        app.clock.advance_ms(16 * 60_000);
        assert_eq!(rita.act("/v1/me/passkeys/challenges").await.said(), (403, "fresh_proof_required".into()));
        let asked = rita.act("/v1/me/proofs/passkey-challenges").await.must(201);
        let answer = json!({"passkey": phone.get(&asked)});
        rita.post("/v1/me/proofs", answer.clone()).await.must(201);
        assert_eq!(rita.post("/v1/me/proofs", answer).await.said(), (422, "invalid_passkey".into()));
        assert_eq!(rita.act("/v1/me/passkeys/challenges").await.status, 201);
    }

    /// PAR-15, PLT-12: who only holds the device proves nothing by it, whatever its browser was told: neither by the API nor by a page, with two-step sign-in or
    /// without.
    async fn a_passkey_that_made_sure_of_nobody_proves_nothing(app) {
        let (http, rita) = rita(&app).await;
        let mut key = Authenticator::new("security key");
        add(&rita, &mut key).await;
        key.verifies = false;
        for two_step in [false, true] {
            if two_step {
                switch_on(&app, &rita).await;
            }
            app.clock.advance_ms(16 * 60_000);
            let asked = rita.act("/v1/me/proofs/passkey-challenges").await.must(201);
            assert_eq!(asked["user_verification"], "required");
            assert!(unverified(&rita.post("/v1/me/proofs", json!({"passkey": key.get(&asked)})).await));
            let page = rita.form("/again/passkey?next=%2Fprofile%2Fpasskeys", &fields(&key.get(&asked))).await;
            assert!(page.status == 422 && page.text().contains("did not make sure that it is you"), "{}", page.text());
            assert_eq!(rita.act("/v1/me/passkeys/challenges").await.said(), (403, "fresh_proof_required".into()), "nothing was proved");
            let mut other = Authenticator::new("another key");
            other.verifies = false;
            assert_eq!(rita.post("/v1/me/proofs", json!({"passkey": other.get(&asked)})).await.said(), (422, "invalid_passkey".into()), "unknown comes first");
            key.verifies = true;
            rita.post("/v1/me/proofs", json!({"passkey": key.get(&asked)})).await.must(201);
            assert_eq!(rita.act("/v1/me/passkeys/challenges").await.status, 201);
            key.verifies = false;
        }
        let sign_in = http.nobody().form("/sign-in/passkey", &fields(&key.get(&challenge(&http).await))).await;
        assert!(sign_in.status == 422 && sign_in.text().contains("did not make sure that it is you"), "{}", sign_in.text());
    }

    /// PAR-15: pages say how passkeys stand; adding one is the script's, removing one works without.
    async fn passkeys_are_looked_after_by_pages(app) {
        let (http, rita) = rita(&app).await;
        let mut phone = Authenticator::new("phone");
        let added = add(&rita, &mut phone).await;
        let page = rita.get("/profile/passkeys").await.text();
        assert!(page.contains("Phone") && page.contains("data-passkey=\"create\"") && page.contains("/assets/passkeys."), "{page}");
        let path = format!("/profile/passkeys/{}", text(&added["id"]));
        assert_eq!(rita.get(&path).await.status, 200);
        assert_eq!(rita.form(&path, "name=").await.status, 422);
        assert_eq!(rita.form(&path, "name=Work+laptop").await.headers["location"], "/profile/passkeys?done=renamed");
        assert!(rita.get("/profile/passkeys?done=renamed").await.text().contains("Work laptop"));

        let sign_in = http.nobody().get("/sign-in").await.text();
        assert!(sign_in.contains("data-from=\"/v1/sessions/passkey-challenges\""), "{sign_in}");
        let answer = fields(&phone.get(&challenge(&http).await));
        let inside = http.nobody().form("/sign-in/passkey?next=%2Faccount", &answer).await;
        assert_eq!((inside.status, inside.headers["location"].as_str()), (303, "/account"), "{}", inside.text());
        assert_eq!(http.nobody().form("/sign-in/passkey", &answer).await.status, 401);

        assert_eq!(rita.get(&format!("{path}/remove")).await.status, 200);
        assert_eq!(rita.form(&format!("{path}/remove"), "").await.headers["location"], "/profile/passkeys?done=removed");
        assert!(rita.get("/profile/passkeys").await.text().contains("No passkey yet"));
    }
}
