//! Puts every file of `static/` into the binary under a name that carries its hash, packed beforehand.
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, env, fmt::Write as _, fs, io::Write as _, path::Path};

fn main() {
    println!("cargo:rerun-if-changed=static");
    println!("cargo:rerun-if-changed=migrations");
    let out = env::var_os("OUT_DIR").expect("OUT_DIR");
    let out = Path::new(&out);
    let mut files: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for entry in fs::read_dir("static").expect("static").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        files.insert(name, fs::read(entry.path()).expect("a file of static"));
    }
    files.retain(|name, _| mime(name).is_some());
    let urls: BTreeMap<String, String> = files
        .iter()
        .filter(|(n, _)| extension(n) != "css")
        .map(|(n, d)| (n.clone(), url(n, d)))
        .collect();
    let mut code = String::new();
    let mut list =
        String::from("/// Every file that is served.\npub static ASSETS: &[Asset] = &[\n");
    for (name, data) in &files {
        let data = if extension(name) == "css" { linked(data, &urls) } else { data.clone() };
        let url = url(name, &data);
        let constant = name.replace(['.', '-'], "_").to_uppercase();
        writeln!(code, "/// `static/{name}`\npub const {constant}: &str = {url:?};").expect("text");
        let [raw, br, gz] = packed(out, name, &data);
        let mime = mime(name).expect("filtered");
        writeln!(
            list,
            "    Asset {{ url: {url:?}, mime: {mime:?}, raw: {raw}, br: {br}, gz: {gz} }},"
        )
        .expect("text");
    }
    fs::write(out.join("assets.rs"), code + &list + "];\n").expect("assets.rs");
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, e)| e)
}

fn mime(name: &str) -> Option<&'static str> {
    Some(match extension(name) {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "json" => "application/speculationrules+json",
        _ => return None,
    })
}

fn url(name: &str, data: &[u8]) -> String {
    let hash = Sha256::digest(data)[..6].iter().fold(String::new(), |s, b| s + &format!("{b:02x}"));
    let (stem, ext) = name.rsplit_once('.').expect("an extension");
    format!("/static/{stem}.{hash}.{ext}")
}

/// Files that a style sheet names are named with their hashes.
fn linked(css: &[u8], urls: &BTreeMap<String, String>) -> Vec<u8> {
    let css = String::from_utf8(css.to_vec()).expect("UTF-8");
    urls.iter()
        .fold(css, |css, (name, url)| css.replace(&format!("/static/{name}"), url))
        .into_bytes()
}

/// The bytes as they are, as brotli and as gzip; what is packed already stays as it is.
fn packed(out: &Path, name: &str, data: &[u8]) -> [String; 3] {
    let put = |kind: &str, bytes: &[u8]| {
        let file = out.join(format!("{name}.{kind}"));
        fs::write(&file, bytes).expect("a packed file");
        format!("include_bytes!({:?})", file.to_string_lossy())
    };
    let raw = put("raw", data);
    if extension(name) == "woff2" {
        return [raw, "&[]".into(), "&[]".into()];
    }
    let mut br = Vec::new();
    let params = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    brotli::BrotliCompress(&mut &*data, &mut br, &params).expect("brotli");
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gz.write_all(data).expect("gzip");
    [raw, put("br", &br), put("gz", &gz.finish().expect("gzip"))]
}
