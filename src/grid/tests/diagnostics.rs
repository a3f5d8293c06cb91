use super::{TORCH, TOY, plain};
use crate::grid::{Color, GridFile};

/// The diagnostics of a text that is no grid.
fn problems(text: &str) -> String {
    let checked = GridFile::parse("grid.toml", text).and_then(GridFile::check);
    plain(&checked.expect_err("the grid is wrong"))
}

#[test]
fn a_syntax_error_is_shown_like_any_other() {
    insta::assert_snapshot!(problems(r#"name = "t"
seeds = 
[data
"#), @r"
    error: not valid TOML: string values must be quoted, expected literal string
     --> grid.toml:2:9
      |
    2 | seeds = 
      |         ^

    error: not valid TOML: unclosed table, expected `]`
     --> grid.toml:3:6
      |
    3 | [data
      |      ^
    ");
}

#[test]
fn missing_keys_of_the_top_level() {
    insta::assert_snapshot!(problems(r#"engine = "torch"
"#), @r#"
    error: the grid needs `name`
    --> grid.toml

    error: the grid needs `seeds`
    --> grid.toml

    error: a grid for the torch engine needs `data`
    --> grid.toml
     = help: add `[data]` with `path = "…"`, or engine = "toy"

    error: the grid needs `method`
    --> grid.toml
    "#);
}

#[test]
fn unknown_keys_at_every_level() {
    insta::assert_snapshot!(problems(&format!("seedz = 3\n{TORCH}{}", r#"[pool]
device = "auto"
[method.ct]
"#)), @r#"
    error: unknown key `seedz` in the grid
     --> grid.toml:1:1
      |
    1 | seedz = 3
      | ^^^^^
      |
      = note: its keys are `sweep-version`, `include`, `name`, `tags`, `note`, `engine`, `seeds`, `max-runs`, `sweep`, `confirm`, `data`, `original`, `training`, `oracle`, `shadows`, `toy`, `audit`, `python`, `pool`, `cluster`, `defaults`, `method`, `exclude`
      = help: did you mean `seeds`?

    error: unknown key `device` in `[pool]`
      --> grid.toml:10:1
       |
    10 | device = "auto"
       | ^^^^^^
       |
       = note: its keys are `devices`, `slots-per-device`, `cohort`, `precision`, `run-timeout`, `stall-timeout`, `keep-models`, `curves`
       = help: did you mean `devices`?
    "#);
}

#[test]
fn wrong_kinds_of_values() {
    insta::assert_snapshot!(problems(r#"name = 3
seeds = "many"
engine = "torsh"
sweep-version = "0"
[data]
path = ""
[oracle]
models = 0
held-out = -1
[toy]
examples = 5
[method.ct]
"#), @r#"
    error: `name` must be a text, not 3
     --> grid.toml:1:8
      |
    1 | name = 3
      |        ^

    error: `seeds` must be a whole number from 1 to 1000000, not "many"
     --> grid.toml:2:9
      |
    2 | seeds = "many"
      |         ^^^^^^

    error: unknown engine `torsh`
     --> grid.toml:3:10
      |
    3 | engine = "torsh"
      |          ^^^^^^^
      |
      = note: known are `torch`, `toy`
      = help: did you mean `torch`?

    error: `sweep-version` must be a version such as "0.1", not "0"
     --> grid.toml:4:17
      |
    4 | sweep-version = "0"
      |                 ^^^

    error: `path` must be a path that is not empty, not ""
     --> grid.toml:6:8
      |
    6 | path = ""
      |        ^^

    error: `models` must be a whole number from 1 to 1000000, not 0
     --> grid.toml:8:10
      |
    8 | models = 0
      |          ^

    error: `held-out` must be a whole number from 0 to 1000000, not -1
     --> grid.toml:9:12
      |
    9 | held-out = -1
      |            ^^

    error: `[toy]` has no meaning with engine = "torch"
      --> grid.toml:10:1
       |
    10 | [toy]
       | ^^^^^
       |
       = help: remove it, or say engine = "toy"
    "#);
}

#[test]
fn names_must_be_safe() {
    insta::assert_snapshot!(problems(r#"name = "../evil"
engine = "toy"
seeds = 1
[method.".hidden"]
method = "ct"
"#), @r#"
    error: `../evil` is no safe name
     --> grid.toml:1:8
      |
    1 | name = "../evil"
      |        ^^^^^^^^^
      |
      = help: use 1 to 64 of the characters A-Z a-z 0-9 . _ -, and begin with no dot or dash

    error: `.hidden` is no safe name
     --> grid.toml:4:9
      |
    4 | [method.".hidden"]
      |         ^^^^^^^^^
      |
      = help: use 1 to 64 of the characters A-Z a-z 0-9 . _ -, and begin with no dot or dash
    "#);
}

#[test]
fn a_newer_format_is_refused() {
    insta::assert_snapshot!(problems(&format!("sweep-version = \"0.999\"\n{TOY}[method.ct]\n")), @r#"
    error: the grid is written for sweep 0.999, this is 0.1.0
     --> grid.toml:1:17
      |
    1 | sweep-version = "0.999"
      |                 ^^^^^^^
      |
      = help: install that version, or lower `sweep-version` if the grid uses nothing new
    "#);
}

#[test]
fn the_pool() {
    insta::assert_snapshot!(problems(&[TORCH, r#"[pool]
devices = ["cuda:0", "gpu", "cuda:0"]
slots-per-device = 0
run-timeout = 40
stall-timeout = "40"
[method.ct]
"#].concat()), @r#"
    error: `devices` must be "auto" or a list of "cpu" and "cuda:N", each once, not "gpu"
     --> grid.toml:9:22
      |
    9 | devices = ["cuda:0", "gpu", "cuda:0"]
      |                      ^^^^^

    error: `devices` must be "auto" or a list of "cpu" and "cuda:N", each once, not "cuda:0"
     --> grid.toml:9:29
      |
    9 | devices = ["cuda:0", "gpu", "cuda:0"]
      |                             ^^^^^^^^

    error: `slots-per-device` must be a whole number from 1 to 1024, not 0
      --> grid.toml:10:20
       |
    10 | slots-per-device = 0
       |                    ^

    error: `run-timeout` must be a length of time such as "40m", "90s" or "1h30m", not 40
      --> grid.toml:11:15
       |
    11 | run-timeout = 40
       |               ^^

    error: `stall-timeout` must be a length of time such as "40m", "90s" or "1h30m", not "40"
      --> grid.toml:12:17
       |
    12 | stall-timeout = "40"
       |                 ^^^^
    "#);
}

#[test]
fn the_recipe_of_the_original() {
    insta::assert_snapshot!(problems(&[TORCH, r#"[training]
epoch = 3
epochs = -1
optimizer = { adm = { lr = 1e-3 } }
schedule = "cosin"
network = { name = "resnet50", width = 0 }
[method.ct]
"#].concat()), @r#"
    error: unknown key `epoch` in `[training]`
     --> grid.toml:9:1
      |
    9 | epoch = 3
      | ^^^^^
      |
      = note: its keys are `network`, `train`, `epochs`, `batch-size`, `optimizer`, `schedule`, `class-weight`, `augment`
      = help: did you mean `epochs`?

    error: not in the recipe grammar: -1 is not a finite number above 0
      --> grid.toml:10:10
       |
    10 | epochs = -1
       |          ^^

    error: not in the recipe grammar: unknown variant `adm`, expected `sgd` or `adam`
      --> grid.toml:11:15
       |
    11 | optimizer = { adm = { lr = 1e-3 } }
       |               ^^^
       |
       = help: did you mean `adam`?

    error: not in the recipe grammar: unknown variant `cosin`, expected one of `constant`, `cosine`, `annealed`, `milestones`, `triangle`, `linear`
      --> grid.toml:12:12
       |
    12 | schedule = "cosin"
       |            ^^^^^^^
       |
       = help: did you mean `cosine`?

    error: unknown network `resnet50`
      --> grid.toml:13:20
       |
    13 | network = { name = "resnet50", width = 0 }
       |                    ^^^^^^^^^^
       |
       = note: known are `mlp`, `resnet18`, `resnet18-cifar`, `resnet9`, `vit`
       = help: did you mean `resnet18`?

    error: `width` must be a whole number from 1 to 256, not 0
      --> grid.toml:13:40
       |
    13 | network = { name = "resnet50", width = 0 }
       |                                        ^
    "#);
}

#[test]
fn numbers_that_nothing_multiplies_in() {
    insta::assert_snapshot!(problems(&[TORCH, "[pool]\nprecision = \"bf16\"\n[method.ct]\n"].concat()), @r#"
    error: `precision` must be "float32" or "tf32", not "bf16"
     --> grid.toml:9:13
      |
    9 | precision = "bf16"
      |             ^^^^^^
    "#);
}

#[test]
fn curves_of_what_nobody_measures() {
    insta::assert_snapshot!(problems(&[TORCH, "[pool]\ncurves = \"all\"\n[method.ct]\n"].concat()), @r#"
    error: `curves` must be "loss" or "accuracies", not "all"
     --> grid.toml:9:10
      |
    9 | curves = "all"
      |          ^^^^^
    "#);
    let said = problems(&[TOY, "[pool]\ncurves = \"accuracies\"\n[method.simulated]\n"].concat());
    assert!(said.contains("`curves`") && said.contains("remove it"), "{said}");
}

#[test]
fn sizes_of_a_network_that_do_not_fit_into_one_another() {
    let with = |network: &str| problems(&[TORCH, "[training]\n", network, "[method.ct]\n"].concat());
    insta::assert_snapshot!(with("network = { name = \"vit\", patch = 5 }\n"), @r#"
    error: `size` = 32 is no multiple of `patch` = 5
     --> grid.toml:9:35
      |
    9 | network = { name = "vit", patch = 5 }
      |                                   ^
    "#);
    insta::assert_snapshot!(with("network = { name = \"vit\", width = 90 }\n"), @r#"
    error: `width` = 90 is no multiple of `heads` = 4
     --> grid.toml:9:35
      |
    9 | network = { name = "vit", width = 90 }
      |                                   ^^
    "#);
}

#[test]
fn a_misspelt_hyper_parameter_of_the_optimizer() {
    insta::assert_snapshot!(problems(&[TORCH, "[training]\noptimizer = { sgd = { lr = 0.1, momentun = 0.9 } }\n[method.ct]\n"].concat()), @r"
    error: not in the recipe grammar: unexpected keys in table: momentun, available keys: lr, momentum, weight-decay
     --> grid.toml:9:33
      |
    9 | optimizer = { sgd = { lr = 0.1, momentun = 0.9 } }
      |                                 ^^^^^^^^
      |
      = help: did you mean `momentum`?
    ");
}

#[test]
fn unknown_methods() {
    insta::assert_snapshot!(problems(&[TORCH, r#"[method.finetun]
[method.mine]
[method.other]
method = "neggrad"
"#].concat()), @r#"
    error: unknown method `finetun`
     --> grid.toml:8:9
      |
    8 | [method.finetun]
      |         ^^^^^^^
      |
      = note: known are `bad-teacher`, `boundary-shrink`, `cf-k`, `cfw`, `ct`, `delete`, `eu-k`, `fcs`, `finetune`, `fisher`, `forget-set-free`, `gradient-ascent`, `identity`, `iu`, `jit`, `kde`, `l1-sparse`, `lfssd`, `mixture`, `msg`, `neggrad-plus`, `negmerge`, `prmq`, `python`, `random-labels`, `random-mask`, `recipe`, `retrain`, `rni`, `rum`, `salun`, `scrub`, `scrub-r`, `sfron`, `simulated`, `ssd`
      = help: did you mean `finetune`?

    error: unknown method `mine`
     --> grid.toml:9:9
      |
    9 | [method.mine]
      |         ^^^^
      |
      = note: known are `bad-teacher`, `boundary-shrink`, `cf-k`, `cfw`, `ct`, `delete`, `eu-k`, `fcs`, `finetune`, `fisher`, `forget-set-free`, `gradient-ascent`, `identity`, `iu`, `jit`, `kde`, `l1-sparse`, `lfssd`, `mixture`, `msg`, `neggrad-plus`, `negmerge`, `prmq`, `python`, `random-labels`, `random-mask`, `recipe`, `retrain`, `rni`, `rum`, `salun`, `scrub`, `scrub-r`, `sfron`, `simulated`, `ssd`
      = help: if this is a label of your own, add `method = "…"` to the table

    error: unknown method `neggrad`
      --> grid.toml:11:10
       |
    11 | method = "neggrad"
       |          ^^^^^^^^^
       |
       = note: known are `bad-teacher`, `boundary-shrink`, `cf-k`, `cfw`, `ct`, `delete`, `eu-k`, `fcs`, `finetune`, `fisher`, `forget-set-free`, `gradient-ascent`, `identity`, `iu`, `jit`, `kde`, `l1-sparse`, `lfssd`, `mixture`, `msg`, `neggrad-plus`, `negmerge`, `prmq`, `python`, `random-labels`, `random-mask`, `recipe`, `retrain`, `rni`, `rum`, `salun`, `scrub`, `scrub-r`, `sfron`, `simulated`, `ssd`
       = help: did you mean `neggrad-plus`?
    "#);
}

#[test]
fn labels_that_cannot_be() {
    insta::assert_snapshot!(problems(&[TORCH, r#"[method.original]
[method.oracle]
method = "ct"
[method.identity]
method = "ct"
[method.simulated]
"#].concat()), @r#"
    error: `original` is trained by itself and can't be swept
     --> grid.toml:8:9
      |
    8 | [method.original]
      |         ^^^^^^^^
      |
      = help: remove the table; `[original]` and `[training]` say how the original comes about

    error: the label `oracle` is reserved
     --> grid.toml:9:9
      |
    9 | [method.oracle]
      |         ^^^^^^
      |
      = help: choose another label and add `method = "…"` to the table

    error: the label `identity` is the name of another method
      --> grid.toml:11:9
       |
    11 | [method.identity]
       |         ^^^^^^^^
       |
       = help: choose another label

    error: `simulated` draws numbers and can't be mixed with training
      --> grid.toml:13:9
       |
    13 | [method.simulated]
       |         ^^^^^^^^^
       |
       = help: say engine = "toy", or remove the table
    "#);
}

#[test]
fn unknown_hyper_parameters() {
    insta::assert_snapshot!(problems(&[TORCH, "[method.neggrad-plus]\nalhpa = [0.1, 0.5]\n[method.identity]\nlr = 1\n"].concat()), @r"
    error: `neggrad-plus` has no hyper-parameter `alhpa`
     --> grid.toml:9:1
      |
    9 | alhpa = [0.1, 0.5]
      | ^^^^^
      |
      = note: it has `alpha`, `lr`, `epochs`, `batch-size`, `forget-batch-size`, `momentum`, `weight-decay`, `batch-norm`
      = help: did you mean `alpha`?

    error: `identity` has no hyper-parameter `lr`
      --> grid.toml:11:1
       |
    11 | lr = 1
       | ^^
       |
       = note: `identity` has no hyper-parameters
    ");
}

#[test]
fn a_wrong_value_inside_a_list() {
    insta::assert_snapshot!(problems(&[TORCH, r#"[method.finetune]
lr = [1e-3, -1, nan]
epochs = 0
batch-size = [64, 2.5]
schedule = ["cosine", "linear"]
momentum = [[0.1]]
"#].concat()), @r#"
    error: `lr` must be a number above 0, not -1
     --> grid.toml:9:13
      |
    9 | lr = [1e-3, -1, nan]
      |             ^^

    error: `lr` must be a finite number, a text or a truth value, not nan
     --> grid.toml:9:17
      |
    9 | lr = [1e-3, -1, nan]
      |                 ^^^

    error: `epochs` must be a number above 0, not 0
      --> grid.toml:10:10
       |
    10 | epochs = 0
       |          ^

    error: `batch-size` must be a whole number of at least 1, not 2.5
      --> grid.toml:11:19
       |
    11 | batch-size = [64, 2.5]
       |                   ^^^

    error: `schedule` must be one of "cosine", "constant", not "linear"
      --> grid.toml:12:23
       |
    12 | schedule = ["cosine", "linear"]
       |                       ^^^^^^^^

    error: `momentum` must be a finite number, a text or a truth value, not a list
      --> grid.toml:13:13
       |
    13 | momentum = [[0.1]]
       |             ^^^^^
    "#);
}

#[test]
fn axes_that_are_none() {
    insta::assert_snapshot!(problems(&[TORCH, "[method.finetune]\nlr = []\nepochs = [1, 2, 1.0]\nmomentum = { linspace = [0, 1] }\nweight-decay = { logspce = [1, 2, 3] }\nbatch-size = { range = [1, 2, 1], linspace = [1, 2, 2] }\n"].concat()), @r"
    error: the axis `lr` has no values
     --> grid.toml:9:6
      |
    9 | lr = []
      |      ^^

    error: the axis `epochs` has 1 twice
      --> grid.toml:10:17
       |
    10 | epochs = [1, 2, 1.0]
       |           -     ^^^
       |           |
       |           first here

    error: `linspace` takes [from, to, how many]
      --> grid.toml:11:25
       |
    11 | momentum = { linspace = [0, 1] }
       |                         ^^^^^^

    error: unknown key `logspce` in `weight-decay`
      --> grid.toml:12:18
       |
    12 | weight-decay = { logspce = [1, 2, 3] }
       |                  ^^^^^^^
       |
       = note: its keys are `logspace`, `linspace`, `range`, `random`, `n`, `seed`
       = help: did you mean `logspace`?

    error: an axis is written in one way, not in 2
      --> grid.toml:13:14
       |
    13 | batch-size = { range = [1, 2, 1], linspace = [1, 2, 2] }
       |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    ");
}

#[test]
fn a_computed_axis_complains_once() {
    insta::assert_snapshot!(problems(&[TORCH, "[method.finetune]\nmomentum = { linspace = [0, 10, 5] }\n[method.ct]\nbatch-size = { random = { uniform = [1, 3] }, n = 9 }\n"].concat()), @r"
    error: `momentum` must be a number from 0 to 1, not 2.5
     --> grid.toml:9:12
      |
    9 | momentum = { linspace = [0, 10, 5] }
      |            ^^^^^^^^^^^^^^^^^^^^^^^^^

    error: the axis `batch-size` has 2 twice
      --> grid.toml:11:14
       |
    11 | batch-size = { random = { uniform = [1, 3] }, n = 9 }
       |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: ask for fewer values, or for a wider interval
    ");
}

#[test]
fn zips() {
    insta::assert_snapshot!(problems(&[TORCH, "[method.finetune]\nlr = [1, 2]\n[[method.finetune.zip]]\nepochs = [1, 2]\nmomentum = [0.1, 0.2, 0.3]\n[[method.finetune.zip]]\nlr = 3\n[method.ct]\n[method.ct.zip]\nlr = [1]\n"].concat()), @r"
    error: axes that walk together have the same length: `momentum` has 3 values, `epochs` has 2
      --> grid.toml:12:1
       |
    11 | epochs = [1, 2]
       | ------ walks with this
    12 | momentum = [0.1, 0.2, 0.3]
       | ^^^^^^^^

    error: `lr` is given twice in `[method.finetune]`
      --> grid.toml:14:1
       |
     9 | lr = [1, 2]
       | -- first here
    ...
    14 | lr = 3
       | ^^

    error: `zip` must be a list of tables, not a table
      --> grid.toml:16:1
       |
    16 | [method.ct.zip]
       | ^^^^^^^^^^^^^^^
       |
       = help: write `[[method.ct.zip]]` with two brackets
    ");
}

#[test]
fn defaults_that_nothing_uses() {
    insta::assert_snapshot!(problems(&[TORCH, "[defaults]\nalfa = 0.5\nlr = -1\n[method.ct]\n[method.finetune]\n"].concat()), @r"
    error: no method of this grid has a hyper-parameter `alfa`
     --> grid.toml:9:1
      |
    9 | alfa = 0.5
      | ^^^^
      |
      = help: did you mean `alpha`?

    error: `lr` must be a number above 0, not -1
      --> grid.toml:10:6
       |
    10 | lr = -1
       |      ^^
    ");
}

#[test]
fn excludes() {
    insta::assert_snapshot!(problems(&[TORCH, r#"[method.finetune]
lr = [1, 2]
[[exclude]]
when = "lr > 5 and"
[[exclude]]
when = 'lrr > 5'
[[exclude]]
why = 3
[[exclude]]
when = "label == \"ct\" or leer > 1"
"#].concat()), @r#"
    error: expected a name such as method or lr, found the end
      --> grid.toml:11:19
       |
    11 | when = "lr > 5 and"
       |                   ^

    error: nothing here is called `lrr`
      --> grid.toml:13:9
       |
    13 | when = 'lrr > 5'
       |         ^^^
       |
       = help: did you mean `lr`?

    error: `[[exclude]]` needs `when`
      --> grid.toml:14:1
       |
    14 | [[exclude]]
       | ^^^^^^^^^^^

    error: `why` must be a text, not 3
      --> grid.toml:15:7
       |
    15 | why = 3
       |       ^

    error: nothing here is called `leer`
      --> grid.toml:17:8
       |
    17 | when = "label == \"ct\" or leer > 1"
       |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: did you mean `lr`?
    "#);
}

#[test]
fn an_exclude_that_matches_nothing() {
    insta::assert_snapshot!(problems(&[TORCH, r#"[method.finetune]
lr = [1, 2]
[[exclude]]
when = "method == 'finetune' and lr > 5"
"#].concat()), @r#"
    error: the exclude matches no point
      --> grid.toml:11:8
       |
    11 | when = "method == 'finetune' and lr > 5"
       |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: remove it, or correct its condition
    "#);
}

#[test]
fn the_same_point_under_two_labels() {
    insta::assert_snapshot!(problems(&[TORCH, r#"[method.finetune]
lr = [0.1, 0.2]
[method.mine]
method = "finetune"
lr = [0.2, 0.3]
"#].concat()), @r"
    error: `[method.mine]` repeats a point of `[method.finetune]`: batch-size=64 epochs=1 lr=0.2 momentum=0.9 schedule=cosine weight-decay=0.0005
      --> grid.toml:10:9
       |
     8 | [method.finetune]
       |         -------- first here
     9 | lr = [0.1, 0.2]
    10 | [method.mine]
       |         ^^^^
    ");
}

#[test]
fn too_many_runs() {
    insta::assert_snapshot!(problems(&[TORCH, "[method.finetune]\nlr = { linspace = [1, 2, 1000] }\nepochs = { linspace = [1, 2, 1000] }\n"].concat()), @r"
    error: the grid asks for 1000000 runs, more than the 100000 of `max-runs`
     --> grid.toml:8:9
      |
    8 | [method.finetune]
      |         ^^^^^^^^
      |
      = help: take values out of the axes, or raise `max-runs`
    ");
}

#[test]
fn too_many_runs_because_of_the_seeds() {
    insta::assert_snapshot!(problems(&format!("max-runs = 100\n{}[method.ct]\n", TOY.replace("seeds = 2", "seeds = 50"))), @r"
    error: the grid asks for 105 runs, more than the 100 of `max-runs`
     --> grid.toml:1:12
      |
    1 | max-runs = 100
      |            ^^^
      |
      = help: take values out of the axes, or raise `max-runs`
    ");
}

#[test]
fn phases_with_unknown_words() {
    insta::assert_snapshot!(problems(&[TORCH, r#"[method.mine]
method = "recipe"
lr = [1, -1]
phases = [
  { reinit = { tensor = "all" } },
]
[method.other]
method = "recipe"
phases = [{ trian = {} }]
[method.none]
method = "recipe"
"#].concat()), @r#"
    error: no phase uses `lr`
      --> grid.toml:10:1
       |
    10 | lr = [1, -1]
       | ^^
       |
       = help: write "$lr" in `phases` where its value belongs, or remove it

    error: not in the recipe grammar: unknown variant `trian`, expected one of `reinit`, `noise`, `transpose`, `zero`, `select`, `dampen`, `fisher-noise`, `move`, `cast`, `train`, `alternate`, `either`, `python`
      --> grid.toml:16:13
       |
    16 | phases = [{ trian = {} }]
       |             ^^^^^
       |
       = help: did you mean `train`?

    error: `[method.none]` needs `phases`
      --> grid.toml:17:1
       |
    17 | [method.none]
       | ^^^^^^^^^^^^^
    "#);
}

#[test]
fn placeholders_without_a_key() {
    insta::assert_snapshot!(problems(&[TORCH, r#"[method.mine]
method = "recipe"
std = 0.1
unused = 3
phases = [{ noise = { tensors = "all", std = "$sdt" } }]
"#].concat()), @r#"
    error: no phase uses `std`
      --> grid.toml:10:1
       |
    10 | std = 0.1
       | ^^^
       |
       = help: did you mean `sdt`?

    error: no phase uses `unused`
      --> grid.toml:11:1
       |
    11 | unused = 3
       | ^^^^^^
       |
       = help: write "$unused" in `phases` where its value belongs, or remove it

    error: `$sdt` stands for no key of `[method.mine]`
      --> grid.toml:12:46
       |
    12 | phases = [{ noise = { tensors = "all", std = "$sdt" } }]
       |                                              ^^^^^^
       |
       = help: did you mean `std`?
    "#);
}

#[test]
fn a_value_that_its_phase_refuses() {
    insta::assert_snapshot!(problems(&[TORCH, r#"[method.mine]
method = "recipe"
std = [0.1, -0.1]
phases = [{ noise = { tensors = "all", std = "$std" } }]
"#].concat()), @r#"
    error: not in the recipe grammar: -0.1 is not a finite number of at least 0
      --> grid.toml:11:46
       |
    11 | phases = [{ noise = { tensors = "all", std = "$std" } }]
       |                                              ^^^^^^
       |
       = note: at the point std = -0.1
    "#);
}

#[test]
fn phases_that_learn_from_the_test_set() {
    let table = include_str!("../../../tests/fixtures/recipes/naming-the-test-set.json");
    let words = include_str!("../../../tests/fixtures/recipes/refusal.txt");
    let cases: Vec<serde_json::Value> = serde_json::from_str(table).expect("the table");
    for case in cases {
        let phases = toml::Value::try_from(&case["phases"]).expect("no null in it");
        let grid = format!("{TORCH}[method.mine]\nmethod = \"recipe\"\nphases = {phases}\n");
        let error = GridFile::parse("grid.toml", &grid).and_then(GridFile::check).expect_err("a leak");
        for problem in error.problems() {
            assert_eq!(problem.mistake.to_string(), words.trim_end(), "{}", case["name"]);
            let span = problem.span.clone().expect("a place");
            assert_eq!(&grid[span], "\"test\"", "{}", case["name"]);
        }
    }
}

#[test]
fn methods_that_the_data_are_not_fit_for() {
    let grid = super::checked(&[TORCH, r#"[method.kde]
[method.scrub-r]
[method.warm]
method = "kde"
warm-up-data = "retain"
[method.mine]
method = "recipe"
phases = [
  { train = { data = [{ set = "validation", batch-size = 64 }], epochs = 1, loss = [{ cross-entropy = { on = "validation" } }], optimizer = { sgd = { lr = 0.1 } } } },
]
[method.finetune]
"#].concat());
    let mut resolved = super::resolved();
    super::plan(&grid, &resolved);
    let data = resolved.data.as_mut().expect("it has data");
    data.sizes.test = None;
    insta::assert_snapshot!(plain(&grid.plan(&resolved).expect_err("no test set")), @r"
    error: `kde` can't be carried out on `d`: `phases[1].train.data[0].set`: it learns from the validation set, which is also what results are judged on, because the data set has no `test.csv`; add one, or leave the method out
     --> grid.toml:8:9
      |
    8 | [method.kde]
      |         ^^^

    error: `scrub-r` can't be carried out on `d`: `phases[0].alternate.after-epochs.rewind`: it learns from the validation set, which is also what results are judged on, because the data set has no `test.csv`; add one, or leave the method out
     --> grid.toml:9:9
      |
    9 | [method.scrub-r]
      |         ^^^^^^^

    error: `mine` can't be carried out on `d`: `phases[0].train.data[0].set`: it learns from the validation set, which is also what results are judged on, because the data set has no `test.csv`; add one, or leave the method out
      --> grid.toml:13:9
       |
    13 | [method.mine]
       |         ^^^^
    ");
}

#[test]
fn phases_that_train_nothing() {
    insta::assert_snapshot!(problems(&[TORCH, r#"[method.mine]
method = "recipe"
phases = [
  { transpose = { tensors = "convolutions" } },
  { train = { data = [{ set = "retain", batch-size = 64 }], epochs = 1, loss = [{ cross-entropy = { on = "forget" } }], optimizer = { sgd = { lr = 0.1 } } } },
]
"#].concat()), @r#"
    error: a term of the loss is taken on the forget set, which `data` doesn't draw from
      --> grid.toml:12:81
       |
    12 |   { train = { data = [{ set = "retain", batch-size = 64 }], epochs = 1, loss = [{ cross-entropy = { on = "forget" } }], optimizer = ...
       |                                                                                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    "#);
}

#[test]
fn tensors_that_the_network_lacks_are_refused_by_the_plan() {
    let grid = super::checked(
        &[
            TORCH,
            r#"[method.mine]
method = "recipe"
phases = [{ zero = { tensors = { modules = ["layer9"] } } }]
"#,
        ]
        .concat(),
    );
    insta::assert_snapshot!(plain(&grid.plan(&super::resolved()).expect_err("no such module")), @r"
    error: `mine` can't be carried out on `d`: `phases[0].zero.tensors`: the network has no parameter or module `layer9`; names are those of PyTorch's state dict, e.g. `conv1.weight`, `layer4`
     --> grid.toml:8:9
      |
    8 | [method.mine]
      |         ^^^^
    ");
}

#[test]
fn no_methods() {
    insta::assert_snapshot!(problems(&[TORCH, ""].concat()), @r"
    error: the grid needs `method`
    --> grid.toml
    ");
}

#[test]
fn an_override_is_named_where_it_is_wrong() {
    let mut file =
        GridFile::parse("grid.toml", &[TORCH, "[method.finetune]\nlr = 1\n"].concat()).expect("TOML");
    file.set("seeds=0").expect("TOML");
    file.set("method.finetune.epoch=[1, 2]").expect("TOML");
    file.set("method.finetune.lr=[1, -1]").expect("TOML");
    insta::assert_snapshot!(plain(&file.check().expect_err("three problems")), @r"
    error: `seeds` must be a whole number from 1 to 1000000, not 0
     --> --set:1:7
      |
    1 | seeds=0
      |       ^

    error: `finetune` has no hyper-parameter `epoch`
     --> --set:1:17
      |
    1 | method.finetune.epoch=[1, 2]
      |                 ^^^^^
      |
      = note: it has `lr`, `epochs`, `batch-size`, `momentum`, `weight-decay`, `schedule`
      = help: did you mean `epochs`?

    error: `lr` must be a number above 0, not -1
     --> --set:1:24
      |
    1 | method.finetune.lr=[1, -1]
      |                        ^^
    ");
}

#[test]
fn an_override_that_is_none_is_refused_at_once() {
    let mut file = GridFile::parse("grid.toml", TORCH).expect("TOML");
    let refusals: Vec<String> = ["seeds", "seeds = [1", "a = 1\nb = 2", "name.x = 1", "[pool]"]
        .iter()
        .map(|assignment| plain(&file.set(assignment).expect_err("no override")))
        .collect();
    insta::assert_snapshot!(refusals.join("\n\n"), @r"
    error: not valid TOML: key with no value, expected `=`
     --> --set:1:6
      |
    1 | seeds
      |      ^

    error: not valid TOML: unclosed array, expected `]`
     --> --set:1:11
      |
    1 | seeds = [1
      |           ^

    error: an override sets one key: `key=value`
     --> --set:1:1
      |
    1 | a = 1
      | ^^^^^

    error: `name` is no table, so nothing in it can be set
     --> --set:1:1
      |
    1 | name.x = 1
      | ^^^^

    error: an override sets one key: `key=value`
     --> --set:1:1
      |
    1 | [pool]
      | ^^^^^^
    ");
    assert!(file.set("seeds = 3").is_ok(), "a refused override leaves the file as it was");
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("a file");
        path
    };
    let big = path("big.toml", &vec![b'#'; (1 << 20) + 1]);
    let latin = path("latin.toml", b"name = \"\xe9\"");
    let refusals: Vec<String> = [&big, &latin, &folder.path().join("none.toml")]
        .iter()
        .map(|path| plain(&GridFile::read(path).expect_err("no grid")))
        .collect();
    let anonymous = refusals.join("\n\n").replace(&folder.path().display().to_string(), "FOLDER");
    insta::assert_snapshot!(anonymous, @r"
    error: the grid is larger than 1048576 bytes
    --> FOLDER/big.toml

    error: the grid is not UTF-8 text
    --> FOLDER/latin.toml

    error: cannot read the grid: No such file or directory (os error 2)
    --> FOLDER/none.toml
    ");
    assert!(GridFile::read(&path("full.toml", &vec![b'#'; 1 << 20])).is_ok(), "1 MiB is allowed");
}

#[test]
fn colours_are_asked_for() {
    let error = GridFile::parse("grid.toml", "seeds = 1").and_then(GridFile::check).expect_err("no name");
    assert!(!error.render(Color::Plain).contains('\u{1b}'));
    assert!(error.render(Color::Ansi).contains('\u{1b}'));
}

#[test]
fn a_flood_of_problems_is_cut() {
    let keys = (0..10_000).fold(String::new(), |text, number| text + &format!("key-{number} = 1\n"));
    let shown = problems(&format!("{keys}{TOY}[method.ct]\n"));
    assert_eq!(shown.matches("error").count(), 51, "{shown}");
    assert!(shown.ends_with("error: 9950 more problems"), "{shown}");
}

#[test]
fn nesting_is_no_danger() {
    for text in [
        "[".repeat(100_000),
        "a.".repeat(100_000),
        format!("a = {}", "[".repeat(100_000)),
        "{a=".repeat(100_000),
    ] {
        assert!(GridFile::parse("grid.toml", &text).is_err());
    }
}

#[test]
fn a_flood_of_unknown_names_is_cut() {
    let names: Vec<String> = (0..300).map(|number| format!("n{number} > 1")).collect();
    let text = format!("{TOY}[method.simulated]\n[[exclude]]\nwhen = \"{}\"\n", names.join(" or "));
    let told = problems(&text);
    assert_eq!(told.matches("nothing here is called").count(), 10, "{told}");
}

#[test]
fn wrong_stages_and_audits_are_named_where_they_stand() {
    insta::assert_snapshot!(problems(&format!("{TOY}{}", r#"[sweep]
stages = [8, 8]
[audit]
audits = ["mia", "klomm", "mia"]
[method.identity]
"#)), @r#"
    error: `stages` must be a list of 2 to 16 ascending numbers of models, from 3 on, not a list
     --> grid.toml:8:10
      |
    8 | stages = [8, 8]
      |          ^^^^^^

    error: unknown audit `klomm`
      --> grid.toml:10:18
       |
    10 | audits = ["mia", "klomm", "mia"]
       |                  ^^^^^^^
       |
       = note: known are `average-gap`, `indiscernibility`, `klom`, `mia`, `nomus`, `reconstruction`, `roc`, `simple-mia`, `tow`, `tow-mia`, `u-lira`
       = help: did you mean `klom`?

    error: `audits` must be a list of audits, each once, not "mia"
      --> grid.toml:10:27
       |
    10 | audits = ["mia", "klomm", "mia"]
       |                           ^^^^^
    "#);
    let staged = problems(&format!("{TOY}[sweep]\nstages = [4, 8]\n[audit]\n[method.identity]\n"));
    assert!(staged.contains("`seeds` must be left out"), "{staged}");
    assert!(staged.contains("`models` must be a whole number from 8"), "{staged}");
    assert!(staged.contains("needs `audits`"), "{staged}");
    let best_of = problems(&format!("{TOY}[sweep]\nbest-of = \"label\"\n[method.identity]\n"));
    assert!(best_of.contains("`best-of` must be \"grid\" or \"method\", not \"label\""), "{best_of}");
    assert!(best_of.contains("needs `stages`"), "without `[confirm]` nothing looks for the best: {best_of}");
}

#[test]
fn originals_that_not_every_point_could_start_from() {
    let said = |originals: &str| problems(&format!("{TORCH}[original]\n{originals}\n[method.identity]\n"));
    insta::assert_snapshot!(said("models = 3"), @r"
    error: `models` must be a whole number from 1 to 2, not 3
     --> grid.toml:9:10
      |
    9 | models = 3
      |          ^
    ");
    let both = said("models = 2\ncheckpoint = \"o.pth\"");
    assert!(both.contains("`models` must be left out, because there are as many as checkpoints"), "{both}");
    let many = said("checkpoint = [\"a\", \"b\", \"c\"]");
    assert!(many.contains("a list of 1 to 2 files, each of which has a model of every point"), "{many}");
    let same = said("checkpoint = [\"a\", \"a\"]");
    assert!(same.contains("a list of different files"), "{same}");
    let confirmed = format!(
        "{}[original]\nmodels = 5\n[confirm]\nseeds = 4\n[method.ct]\n",
        TORCH.replace("seeds = 2", "seeds = 8")
    );
    let confirmed = problems(&confirmed.replace("held-out = 2", "held-out = 4"));
    assert!(confirmed.contains("a whole number from 1 to 4"), "{confirmed}");
}

#[test]
fn forget_sets_by_whose_names_results_are_not_called() {
    let said = |forget: &str| {
        let data = format!("path = \"d\"\nforget = {forget}\n");
        problems(&format!("{}[method.identity]\n", TORCH.replace("path = \"d\"\n", &data)))
    };
    insta::assert_snapshot!(said("[\"a/x\", \"b/x\"]"), @r#"
    error: two forget sets are called `x`
     --> grid.toml:5:18
      |
    5 | forget = ["a/x", "b/x"]
      |                  ^^^^^
      |
      = help: results are called by the names of these folders; rename one
    "#);
    for (forget, part) in [
        ("[]", "a list of 1 to 100 folders that `sweep split` has written"),
        ("3", "`forget` must be a text, not 3"),
        ("[\"a b\"]", "1 to 64 of the characters"),
        ("[\"a\", \"\"]", "a path that is not empty"),
    ] {
        let said = said(forget);
        assert!(said.contains(part), "{forget}: {said}");
    }
}

#[test]
fn a_table_by_its_name_of_before() {
    insta::assert_snapshot!(problems(&[TORCH, "[recipe]\nepochs = 3\n[method.ct]\n"].concat()), @r"
    error: unknown key `recipe` in the grid
     --> grid.toml:8:2
      |
    8 | [recipe]
      |  ^^^^^^
      |
      = note: its keys are `sweep-version`, `include`, `name`, `tags`, `note`, `engine`, `seeds`, `max-runs`, `sweep`, `confirm`, `data`, `original`, `training`, `oracle`, `shadows`, `toy`, `audit`, `python`, `pool`, `cluster`, `defaults`, `method`, `exclude`
      = help: write `training`, as it is called now
    ");
}
