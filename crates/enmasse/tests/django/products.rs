//! A table without NULL, with names of columns that are not the fields', and a generated column.

use enmasse::prelude::*;
use serde_json::json;

use crate::models::{Level, Product};
use crate::project::Project;
use crate::rows::{assert_same, read, rows, set};

const MODEL: &str = "shop.Product";

pub async fn check(db: &Database, project: &Project) {
    let all = || Product::objects(db);
    let mut expected = project.dump_one(MODEL);
    let mut products = read::<Product>(db).await;
    assert_same(&rows(&products), &expected, "reading");

    for (number, product) in products.iter_mut().enumerate() {
        product.price = Decimal::new(number as i64 * 7 - 100, 2);
        product.is_active = !product.is_active;
        product.details["again"] = json!([number, "é\"\\", null, 0.1]);
        product.seen -= TimeDelta::microseconds(number as i64);
        product.level = if product.level == Level::Gold { Level::Free } else { Level::Gold };
    }
    let report =
        all().bulk_update(&products, |p| (p.price, p.is_active, p.details, p.seen, p.level)).await.unwrap();
    assert_eq!((report.matched, report.missing.len()), (60, 0));
    for product in &mut products {
        product.value = product.price * Decimal::from(product.quantity);
    }
    expected = rows(&products);
    assert_same(&project.dump_one(MODEL), &expected, "bulk_update");

    // by another unique key, only what differs, computed from the old and the new
    let deltas: Vec<Product> = products
        .iter()
        .skip(50)
        .map(|product| Product { id: None, quantity: i32::from(product.quantity > 3), ..product.clone() })
        .collect();
    let report = all()
        .bulk_update(&deltas, |p| p.quantity)
        .matching_on(|p| p.slug)
        .set(|old, new| old.quantity.set(old.quantity + new.quantity))
        .skip_unchanged()
        .await
        .unwrap();
    assert_eq!(report.matched, 10);
    for (product, delta) in products.iter_mut().skip(50).zip(&deltas) {
        product.quantity += delta.quantity;
        product.value = product.price * Decimal::from(product.quantity);
    }
    expected = rows(&products);
    assert_same(&project.dump_one(MODEL), &expected, "matching_on");

    let n = all()
        .filter(q!(details["number"]__gt = 57, name__endswith = "☃"))
        .update(set!(details = json!({"é": null}), picture = b"".to_vec(), name = F(slug)))
        .await
        .unwrap();
    assert_eq!(n, 3);
    for number in 58..=60 {
        let slug = format!("product-{number}");
        let changed = json!({"details": {"json": {"é": null}}, "picture": "", "name": slug});
        set(&mut expected, |row| row["slug"] == slug, changed);
    }
    assert_same(&project.dump_one(MODEL), &expected, "update");
}
