use std::{fs, path::Path};

use sweep_protocol::{recipe::Takes, terms::Set};

use super::{Callee, Duty, Given, NotCallable, Signature, Whereabouts, find, source::Code};

fn signature(text: &str) -> Signature {
    let source = Code::of(text);
    Signature::of(&source, "f", Duty::Unlearning).unwrap_or_else(|| panic!("no function `f` in {text:?}"))
}

#[test]
fn keyword_arguments_are_read_from_the_def_line_alone() {
    for (text, names) in [
        ("def f(net, retain, forget, val): pass", vec![]),
        ("def f(net, retain, forget, val, lr=1e-3, epochs=3):\n    pass", vec!["lr", "epochs"]),
        ("def f(net, r, f, v, *, lr: float = 1e-3, name: str = 'a, b', **rest):\n pass", vec!["lr", "name"]),
        ("def f(net, data, lr): ...", vec!["lr"]),
        (
            "@decorated(1)\ndef f(\n    net,  # the network, (\n    data,\n    pair: tuple[int, int] = (1, 2),\n    x=')',\n):\n    pass",
            vec!["pair", "x"],
        ),
        ("def f(a, b, c, d): pass\ndef f(a, b, c, d, later=1): pass", vec!["later"]),
        ("'''\ndef f(net, data, no): pass\n'''\ndef f(net, data, yes): pass", vec!["yes"]),
        ("def f(*everything, lr=0.1): pass", vec!["lr"]),
        ("def f(net, data, own, /, lr=0.1): pass", vec!["lr"]),
    ] {
        let signature = signature(text);
        assert_eq!(signature.names(), names, "{text}");
        assert_eq!(signature.check(), Ok(()), "{text}");
    }
}

#[test]
fn what_a_function_is_called_with_is_told_by_its_second_parameter() {
    assert_eq!(signature("def f(net, data, lr=1): pass").takes(), Takes::Tensors);
    assert_eq!(
        signature("def f(model, retain_loader, forget_loader, val_loader): pass").takes(),
        Takes::Loaders
    );
    assert!(signature("def f(net, retain): pass").check().is_err());
    assert!(signature("def f(): pass").check().is_err());
}

#[test]
fn a_network_is_a_class_or_a_function_of_keyword_arguments() {
    let network = |text: &str| {
        let source = Code::of(text);
        Signature::of(&source, "Net", Duty::Network).unwrap_or_else(|| panic!("no network in {text:?}"))
    };
    for (text, names) in [
        (
            "class Net(nn.Module):\n    def __init__(self, width=8, *, num_classes): pass",
            vec!["width", "num_classes"],
        ),
        (
            "class Net(\n    nn.Module,\n):\n\n    x = 1\n\n    def __init__ (\n        self,\n        depth,\n    ):\n        pass\ndef f(): pass",
            vec!["depth"],
        ),
        (
            "class Net:\n    class Inner:\n        def __init__(self, no): pass\n    def __init__(self, yes): pass",
            vec!["yes"],
        ),
        (
            "class Net(Other):\n    def forward(self, x): pass\nclass Further:\n    def __init__(self, no): pass",
            vec![],
        ),
        ("class Net:\n    def __init__(self): pass", vec![]),
        ("def Net(width, classes=10): pass", vec!["width", "classes"]),
    ] {
        let signature = network(text);
        assert_eq!(
            (signature.names(), signature.check(), signature.takes()),
            (names, Ok(()), Takes::Nothing)
        );
    }
    for text in [
        "class A:\n    def __init__(self, deep): pass\nclass B(A): pass\nclass Net(B, nn.Module):\n    x = 1",
        "class Net(nn.Module, A): pass\nclass A:\n    def __init__(self, deep): pass",
    ] {
        assert_eq!(network(text).names(), ["deep"], "{text}");
    }
    assert_eq!(network("class A(Net): pass\nclass Net(A): pass").names(), Vec::<&str>::new());
    assert_eq!(network("class Net(Other): pass").faults(&["whatever"]), [], "what it inherits isn't known");
    let sized = network("def Net(width, size, num_classes): pass");
    assert_eq!(sized.sizes(), (Some("num_classes"), Some("size")));
    assert_eq!(sized.faults(&["width"]), [], "the sizes are given");
    assert_eq!(sized.faults(&["num_classes"]), [Given::Taken("num_classes"), Given::Missing("width")]);
    let source = Code::of("class Net: pass\ndef f(net, data): pass");
    assert!(Signature::of(&source, "Net", Duty::Unlearning).is_none(), "a class is no method");
    assert!(Signature::of(&source, "Other", Duty::Network).is_none());
}

#[test]
fn a_training_function_takes_two_loaders() {
    let training = |text| Signature::of(&Code::of(text), "f", Duty::Training).expect("a function");
    let usual = training("def f(net, train_loader, val_loader, epochs=1, lr=0.1): pass");
    assert_eq!((usual.check(), usual.names()), (Ok(()), vec!["epochs", "lr"]));
    assert_eq!(usual.takes(), Takes::Training(Set::Train));
    assert_eq!(training("def f(net, data, val): pass").takes(), Takes::Training(Set::Train));
    assert!(training("def f(net, data): pass").check().is_err());
}

#[test]
fn only_functions_at_the_top_level_are_found() {
    for text in [
        "class A:\n    def f(self, net, data): pass",
        "async def f(net, data): pass",
        "# def f(net, data): pass",
        "x = \"\"\"\ndef f(net, data): pass\n\"\"\"",
        "def ff(net, data): pass",
        "def f(net, data",
        "",
    ] {
        let source = Code::of(text);
        assert!(Signature::of(&source, "f", Duty::Unlearning).is_none(), "{text:?}");
    }
}

#[test]
fn wrong_keyword_arguments_are_told_apart() {
    let function = signature("def f(net, data, lr, epochs=1): pass");
    assert_eq!(function.faults(&["lr"]), []);
    assert_eq!(function.faults(&["lr", "epoch"]), [Given::Unknown("epoch")]);
    assert_eq!(function.faults(&["data"]), [Given::Taken("data"), Given::Missing("lr")]);
    assert_eq!(signature("def f(net, data, **any): pass").faults(&["whatever"]), []);
}

#[test]
fn any_bytes_have_an_answer() {
    let pieces =
        ["def f(", "net", ",", "\"", "'''", "\\", "#", "\n", ")", "(", "=", "*", "/", "é", ":", "import x"];
    for first in pieces {
        for second in pieces {
            for third in pieces {
                let text = format!("def f({first}{second}{third}");
                let source = Code::of(&text);
                let _ = (source.functions().count(), source.classes().count(), source.statements().count());
                for text in [text.clone(), text.replace("def", "class"), format!("class f:\n {text}")] {
                    let _ = Signature::of(&Code::of(&text), "f", Duty::Network);
                }
            }
        }
    }
}

#[test]
fn what_a_file_imports_from_its_own_folder_is_part_of_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    };
    write(
        "m.py",
        "import torch, losses\ntry: from pkg.deep import x\nexcept ImportError: pass\ndef f(net, data): import late\n",
    );
    write("losses.py", "import further as g\n");
    write("further.py", "import losses\n");
    write("late.py", "");
    write("unused.py", "");
    write("pkg/__init__.py", "");
    write("pkg/deep/x.py", "from . import y\n");
    let file = folder.path().join("m.py").display().to_string();
    let read = || {
        Callee::parse(&format!("{file}:f"), Duty::Unlearning)
            .expect("a target")
            .read(&[])
            .expect("it is there")
    };
    let paths: Vec<String> = read().imports.into_iter().map(|imported| imported.path).collect();
    assert_eq!(paths, ["further.py", "late.py", "losses.py", "pkg/__init__.py", "pkg/deep/x.py"]);
    let before = read();
    write("further.py", "import losses  # edited\n");
    assert_ne!(read().imports, before.imports);
    assert_eq!(read().blake3, before.blake3);
}

#[test]
fn a_target_is_a_file_and_a_function() {
    for text in ["m.py", "m.py:", "m.py:f()", "m.py:1f", ".py", "package..module:f", "package-module:f", ":f"]
    {
        assert_eq!(Callee::parse(text, Duty::Unlearning), Err(NotCallable::NoTarget), "{text}");
    }
    let none = Callee::parse("no/such.py:f", Duty::Unlearning).expect("a target").read(&[]);
    assert!(matches!(none, Err(NotCallable::Unreadable { .. })), "{none:?}");
}

/// An environment with a PyTorch of some version.
fn environment(folder: &Path, version: &str) {
    let torch = folder.join("lib/python3.11/site-packages/torch");
    fs::create_dir_all(&torch).expect("writable");
    fs::create_dir_all(folder.join("bin")).expect("writable");
    fs::write(folder.join("bin/python"), "").expect("writable");
    fs::write(folder.join("pyvenv.cfg"), "include-system-site-packages = false\n").expect("writable");
    fs::write(torch.join("version.py"), format!("__version__ = '{version}'\ndebug = False\n"))
        .expect("writable");
}

#[test]
fn the_interpreter_is_the_named_one_or_that_of_the_active_environment() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (active, named) = (folder.path().join("active"), folder.path().join("named"));
    environment(&active, "2.11.0+cpu");
    environment(&named, "2.10.0");
    let bare = folder.path().join("bare");
    environment(&bare, "2.9.0");
    fs::remove_dir_all(bare.join("lib")).expect("writable");
    let mut here = Whereabouts { active: vec![bare.clone(), active.clone()], ..Whereabouts::default() };
    let found = find(None, &here).expect("it is active");
    assert_eq!(
        (found.program, found.torch),
        (active.join("bin/python").display().to_string(), "2.11.0+cpu".to_owned()),
        "the first that has a PyTorch"
    );
    here.named = Some(named.join("bin/python"));
    assert_eq!(find(None, &here).expect("it is named").torch, "2.10.0", "SWEEP_PYTHON and no other");
    here.named = Some(bare.join("bin/python"));
    assert!(
        matches!(find(None, &here), Err(NotCallable::Interpreter(reason)) if reason.contains("no PyTorch"))
    );
    here.named = None;
    let program = named.join("bin/python").display().to_string();
    assert_eq!(find(Some(&program), &here).expect("it is named").torch, "2.10.0");
    fs::remove_dir_all(named.join("lib")).expect("writable");
    assert!(
        matches!(find(Some(&program), &here), Err(NotCallable::Interpreter(reason)) if reason.contains("no PyTorch"))
    );
    assert!(find(Some("no/such/python"), &here).is_err());
    assert!(find(None, &Whereabouts::default()).is_err());
}

#[test]
fn a_module_is_found_as_python_finds_it_and_its_package_is_part_of_it() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("writable");
        fs::write(path, text).expect("writable");
    };
    let function = "import losses\nfrom . import near\ndef f(net, data): pass\n";
    write("one/space/late.py", function);
    write("two/p/__init__.py", "");
    write("two/p/m.py", function);
    write("two/p/near.py", "");
    write("two/losses.py", "");
    write("two/p/sub/__init__.py", function);
    write("three/p/only_here.py", function);
    write("env/site-packages/q/__init__.py", "");
    write("env/site-packages/q/m.py", function);
    write("env/site-packages/losses.py", "");
    write("env/site-packages/more.pth", &format!("import os\n{}\n", folder.path().join("added").display()));
    write("added/r.py", function);
    let folders: Vec<_> = ["one", "two", "three", "env/site-packages", "added"]
        .iter()
        .map(|name| folder.path().join(name))
        .collect();
    let read = |target: &str| Callee::parse(target, Duty::Unlearning).expect("a target").read(&folders);
    let found = |target: &str| {
        let function = read(target).unwrap_or_else(|error| panic!("{target}: {error}"));
        let file =
            Path::new(&function.file).strip_prefix(folder.path()).expect("below").display().to_string();
        (file, function.imports.into_iter().map(|imported| imported.path).collect::<Vec<_>>().join(" "))
    };
    let of = |file: &str, imports: &str| (file.to_owned(), imports.to_owned());
    assert_eq!(found("p.m:f"), of("two/p/m.py", "losses.py p/__init__.py p/near.py p/sub/__init__.py"));
    assert_eq!(found("p.sub:f"), of("two/p/sub/__init__.py", "losses.py p/__init__.py p/m.py p/near.py"));
    assert_eq!(found("space.late:f"), of("one/space/late.py", ""));
    assert_eq!(found("q.m:f"), of("env/site-packages/q/m.py", "q/__init__.py"));
    assert_eq!(found("r:f"), of("added/r.py", ""));
    assert!(matches!(read("p.only_here:f"), Err(NotCallable::NoModule { .. })), "the first package counts");
    assert!(matches!(read("none.m:f"), Err(NotCallable::NoModule { .. })));
}
