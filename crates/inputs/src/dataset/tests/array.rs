//! Data sets whose images lie in one array.

use std::{fs, path::Path};

use super::{
    super::{Fault, ImageFault, Refused},
    fixture::{IMAGE_BYTES, load, png_of},
};
use crate::pixels;

/// The ids of a data set of ten images, list by list.
const LISTS: [(&str, &[u8]); 4] =
    [("retain", &[0, 1, 2, 3]), ("forget", &[4, 5]), ("validation", &[6, 7]), ("test", &[8, 9])];

fn write_lists(data: &Path) {
    for (set, numbers) in LISTS {
        let rows = numbers.iter().map(|number| format!("x-0{number},{}\n", number % 2));
        let csv = format!("image_id,age_group\n{}", rows.collect::<String>());
        fs::write(data.join(format!("{set}.csv")), csv).expect("writable");
    }
    fs::write(data.join("age_class_weights.json"), "{\"0\": 3, \"1\": 3}").expect("writable");
}

/// An image whose planes differ, [3, 32, 32].
fn planes(number: u8) -> Vec<u8> {
    (0..IMAGE_BYTES).map(|at| (at / 1024 * 50 + at % 7) as u8 + number).collect()
}

fn write_array(data: &Path) {
    let images: Vec<u8> = (0..10).flat_map(planes).collect();
    fs::write(data.join("images.npy"), [pixels::header([10, 3, 32, 32]), images].concat()).expect("writable");
}

fn refused(spoil: impl Fn(&Path)) -> Refused {
    let data = tempfile::tempdir().expect("a temporary folder");
    write_lists(data.path());
    write_array(data.path());
    load(data.path()).expect("sound");
    spoil(data.path());
    load(data.path()).expect_err("spoilt")
}

#[test]
fn one_array_and_a_file_for_each_image_are_the_same_data_set() {
    let [one, many] = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
    write_lists(one.path());
    write_array(one.path());
    write_lists(many.path());
    fs::create_dir_all(many.path().join("images/x")).expect("writable");
    for number in 0..10 {
        let planes = planes(number);
        let pixels: Vec<u8> =
            (0..1024).flat_map(|at| [0, 1, 2].map(|plane| planes[plane * 1024 + at])).collect();
        fs::write(many.path().join(format!("images/x/0{number}.png")), png_of(&pixels)).expect("writable");
    }
    let [one, many] = [one, many].map(|data| load(data.path()).expect("sound"));
    assert_eq!(one.hash(), many.hash());
    assert_eq!(one.images, many.images);
}

#[test]
fn rows_that_are_not_there_or_stand_in_two_sets_are_refused_with_their_line() {
    let list = |text: &'static str| {
        move |data: &Path| {
            fs::write(data.join("validation.csv"), format!("image_id,age_group\n{text}")).expect("writable");
        }
    };
    for (row, wanted) in [("x-10,0\n", "x-10"), ("x-y,0\n", "x-y"), ("x-99999999999999999999,0\n", "x-9999")]
    {
        let refused = refused(list(row));
        assert_eq!((refused.problems.len(), refused.problems[0].line), (1, Some(2)), "{refused}");
        let fault = &refused.problems[0].fault;
        assert!(matches!(fault, Fault::Image { fault: ImageFault::NoRow { rows: 10 }, .. }), "{refused}");
        assert!(refused.to_string().contains(&format!("image `{wanted}")), "{refused}");
    }
    // Under another name it is the image of the retain set all the same.
    let refused = refused(list("x-6,0\ny-3,1\n"));
    assert_eq!((refused.problems.len(), refused.problems[0].line), (1, Some(3)), "{refused}");
    assert!(matches!(refused.problems[0].fault, Fault::RepeatedImage { .. }), "{refused}");
}

#[test]
fn an_array_of_something_else_is_refused() {
    let array = |shape: [usize; 4], bytes: usize| {
        move |data: &Path| {
            let file = [pixels::header(shape), vec![0; bytes]].concat();
            fs::write(data.join("images.npy"), file).expect("writable");
        }
    };
    for shape in [[10, 32, 32, 3], [10, 3, 32, 31], [10, 1, 32, 32], [10, 3, 0, 0]] {
        let refused = refused(array(shape, shape.iter().product()));
        let is_meant = |fault: &Fault| matches!(fault, Fault::NotImages { .. });
        assert!(refused.problems.iter().any(|problem| is_meant(&problem.fault)), "{refused}");
    }
    let small = refused(array([10, 3, 16, 16], 10 * 3 * 256));
    assert!(
        matches!(small.problems[..], [ref problem] if matches!(problem.fault, Fault::OtherSize { have: 16, want: 32 }))
    );
    let cut = refused(array([10, 3, 32, 32], 10 * IMAGE_BYTES - 1));
    assert!(matches!(cut.problems[..], [ref problem] if matches!(problem.fault, Fault::Array(_))), "{cut}");
}
