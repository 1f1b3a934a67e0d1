//! TLS against a real server and real certificates: a cluster of its own, an authority made for the test.

use crate::support::admin_query;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use tradepost_store::{Fault, Settings, Store, sql};

/// The name that the server's certificate is for, besides its address.
const HOST: &str = "db.tradepost.example";

fn run(program: &str, arguments: &[&str]) -> String {
    let done = Command::new(program).args(arguments).output().unwrap_or_else(|error| panic!("{program}: {error}"));
    assert!(done.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// A throwaway cluster, ended when it is dropped.
struct Cluster {
    folder: tempfile::TempDir,
    url: String,
}

impl Cluster {
    fn script(folder: &Path, what: &str) -> std::process::Output {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scripts/test-postgres");
        let output = Command::new(script).arg(what).env("TRADEPOST_TEST_POSTGRES_DIR", folder).output();
        output.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    fn start() -> Self {
        // Where the server's own user can reach it.
        let folder = tempfile::Builder::new().prefix("tradepost-tls-").tempdir_in("/var/tmp").expect("a folder");
        let started = Self::script(folder.path(), "start");
        assert!(started.status.success(), "{}", String::from_utf8_lossy(&started.stderr));
        let url = String::from_utf8_lossy(&started.stdout).trim().to_owned();
        Self { folder, url }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// An authority of one's own: `NAME.pem`, `NAME.key`.
    fn authority(&self, name: &str) {
        let (pem, key) = (self.text(&format!("{name}.pem")), self.text(&format!("{name}.key")));
        let subject = format!("/CN={name}");
        let curve = "ec_paramgen_curve:prime256v1";
        run("openssl", &["req", "-x509", "-newkey", "ec", "-pkeyopt", curve, "-nodes", "-days", "2", "-subj", &subject, "-keyout", &key, "-out", &pem]);
    }

    /// The server's certificate, signed by an authority, for [`HOST`] and the address.
    fn certify(&self, authority: &str) {
        let (ca, ca_key) = (self.text(&format!("{authority}.pem")), self.text(&format!("{authority}.key")));
        let [csr, key, pem, names] = ["server.csr", "data/server.key", "data/server.crt", "names"].map(|name| self.text(name));
        std::fs::write(&names, format!("subjectAltName=DNS:{HOST},IP:127.0.0.1\nbasicConstraints=CA:FALSE\n")).expect("a file");
        let curve = "ec_paramgen_curve:prime256v1";
        run("openssl", &["req", "-new", "-newkey", "ec", "-pkeyopt", curve, "-nodes", "-subj", "/CN=server", "-keyout", &key, "-out", &csr]);
        run("openssl", &["x509", "-req", "-in", &csr, "-CA", &ca, "-CAkey", &ca_key, "-CAcreateserial", "-days", "2", "-extfile", &names, "-out", &pem]);
        // The server reads its key only where nobody else can.
        run("chmod", &["600", &key]);
        let reference = format!("--reference={}", self.text("data/PG_VERSION"));
        run("chown", &[&reference, &key, &pem]);
    }

    /// The cluster's URL with another host in it, reached at the same address.
    fn at(&self, host: &str, parameters: &str) -> String {
        let url = self.url.replace("127.0.0.1", host);
        format!("{url}?hostaddr=127.0.0.1&sslmode=require{parameters}")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = Self::script(self.folder.path(), "stop");
    }
}

async fn refused(url: String, because: &str) {
    let opened = Store::open(Settings::new(url)).await;
    let Err(Fault::NoConnection(why)) = &opened else { panic!("not refused ({because}): {opened:?}") };
    assert!(why.contains(because), "{because}: {why}");
}

async fn the_servers_certificate_decides(cluster: &Cluster) {
    admin_query(&cluster.url, "ALTER SYSTEM SET ssl = on").await;
    admin_query(&cluster.url, "SELECT pg_reload_conf()").await;
    let (own, other) = (format!("&sslrootcert={}", cluster.text("own.pem")), format!("&sslrootcert={}", cluster.text("other.pem")));
    for host in [HOST, "127.0.0.1"] {
        // The reload reaches the server's processes a moment later.
        let patience = Instant::now() + Duration::from_secs(10);
        let store = loop {
            match Store::open(Settings::new(cluster.at(host, &own))).await {
                Ok(store) => break store,
                Err(fault) if Instant::now() > patience => panic!("{host}: {fault}"),
                Err(_) => tokio::task::yield_now().await,
            }
        };
        let encrypted = store.read(|reader| {
            Box::pin(async move {
                reader.query_one::<bool>(sql!("SELECT CASE WHEN ssl THEN 1 ELSE 0 END FROM pg_stat_ssl WHERE pid = pg_backend_pid()"), &[]).await
            })
        });
        assert!(encrypted.await.expect("an answer"), "{host}");
        store.close().await;
    }
    refused(cluster.at(HOST, &other), "UnknownIssuer").await;
    refused(cluster.at(HOST, ""), "UnknownIssuer").await;
    refused(cluster.at("another.example", &own), "not valid for name").await;
    for (url, because) in [
        (cluster.at(HOST, "&sslrootcert=/nowhere/ca.pem"), "/nowhere/ca.pem"),
        (cluster.at(HOST, &format!("&sslrootcert={}", cluster.text("data/server.key"))), "no certificate"),
        (format!("{}?sslrootcert={}", cluster.url, cluster.text("own.pem")), "sslmode=require"),
    ] {
        let opened = Store::open(Settings::new(url)).await;
        let Err(Fault::Schema(why)) = &opened else { panic!("not refused ({because}): {opened:?}") };
        assert!(why.contains(because), "{why}");
    }
}

/// An operator's own authority signs; another's, the public ones' and another name's certificate refuse the connection.
#[test]
fn only_the_named_authoritys_certificate_for_the_right_name_connects() {
    if std::env::var("TRADEPOST_TEST_POSTGRES").is_ok_and(|url| url == "skip") {
        println!("SKIPPED: TRADEPOST_TEST_POSTGRES=skip");
        return;
    }
    if Command::new("openssl").arg("version").output().is_err() {
        println!("SKIPPED: there is no openssl to make certificates with");
        return;
    }
    let cluster = Cluster::start();
    cluster.authority("own");
    cluster.authority("other");
    cluster.certify("own");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(the_servers_certificate_decides(&cluster));
}
