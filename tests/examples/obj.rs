//! Debug.
use partita::{Objects, Store};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let store = Store::options().read_only(true).open(&a[1]).unwrap();
    for p in &a[2..] {
        match store.resolve(&p.parse().unwrap()).and_then(|id| store.get_node(&id).map(|n| (id, n)))
        {
            Ok((id, Some(node))) => {
                println!(
                    "{id} kind {:?} v{} refs {:?} body {:?}",
                    node.kind,
                    node.version,
                    node.refs.iter().map(|r| format!("{r:.10}")).collect::<Vec<_>>(),
                    String::from_utf8_lossy(&node.body)
                );
            }
            other => println!("{p}: {other:?}"),
        }
    }
    for ns in ["session/", "pin/", "horizon/", "deleted/", "checkout/", "purged", "lost"] {
        for (n, id) in store.references(ns, None, 1000).unwrap() {
            if a[2..].iter().any(|p| id.to_string().starts_with(p)) {
                println!("REF {n}");
            }
        }
    }
}
