//! Pickles that want to run something or to reach beyond their storages.

use super::{
    super::{CheckpointError, LayoutProblem, NotAStateDict, PickleProblem},
    decoded,
    forge::{Claim, HONEST, Pickle, checkpoint, six},
    refused,
};

/// Names that attackers, whole-module pickles and other tools ask for.
const STRANGERS: [(&str, &str); 54] = [
    ("os", "system"),
    ("posix", "system"),
    ("nt", "system"),
    ("os", "execvp"),
    ("subprocess", "Popen"),
    ("subprocess", "check_output"),
    ("subprocess", "run"),
    ("builtins", "eval"),
    ("builtins", "exec"),
    ("builtins", "compile"),
    ("builtins", "getattr"),
    ("builtins", "__import__"),
    ("builtins", "open"),
    ("builtins", "set"),
    ("__builtin__", "eval"),
    ("__builtin__", "long"),
    ("importlib", "import_module"),
    ("runpy", "_run_code"),
    ("pty", "spawn"),
    ("socket", "socket"),
    ("shutil", "rmtree"),
    ("webbrowser", "open"),
    ("ctypes", "CDLL"),
    ("code", "InteractiveInterpreter"),
    ("timeit", "timeit"),
    ("cProfile", "run"),
    ("bdb", "Bdb"),
    ("pip", "main"),
    ("pickle", "loads"),
    ("_pickle", "loads"),
    ("marshal", "loads"),
    ("operator", "attrgetter"),
    ("functools", "partial"),
    ("types", "FunctionType"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy", "dtype"),
    ("torch", "load"),
    ("torch", "from_file"),
    ("torch.serialization", "load"),
    ("torch.hub", "load"),
    ("torch.jit", "load"),
    ("torch.storage", "_load_from_bytes"),
    ("torch.storage", "UntypedStorage"),
    ("torch._utils", "_rebuild_tensor"),
    ("torch._utils", "_rebuild_qtensor"),
    ("torch._tensor", "_rebuild_from_type_v2"),
    ("torch.nn.parameter", "Parameter"),
    ("torch.nn.modules.linear", "Linear"),
    ("torchvision.models.resnet", "ResNet"),
    ("__main__", "Net"),
    ("torch", "FloatStorage.from_file"),
    ("torch", "ComplexFloatStorage"),
    ("collections", "OrderedDict.__init__"),
    ("collections ", "OrderedDict"),
];

fn pickle_problem(what: &str, pickle: &[u8]) -> PickleProblem {
    match refused(what, &checkpoint(pickle, &[("0", &six())])) {
        CheckpointError::Pickle { problem, .. } => problem,
        other => panic!("{what} was refused for another reason: {other}"),
    }
}

#[test]
fn a_stranger_is_refused_by_name_however_it_is_asked_for() {
    for (module, name) in STRANGERS {
        let asked = [
            Pickle::begin().global(module, name).text("touch /tmp/owned").op(&[0x85, b'R', b'.']),
            Pickle::begin()
                .text(module)
                .text(name)
                .op(b"\x93")
                .text("touch /tmp/owned")
                .op(&[0x85, b'R', b'.']),
            Pickle::begin().op(format!("(X\x01\0\0\0xi{module}\n{name}\n.").as_bytes()),
            Pickle::begin()
                .ordered_dict()
                .op(b"(")
                .text("weight")
                .tensor(HONEST)
                .text("x")
                .global(module, name)
                .op(b"u."),
            Pickle::begin().ordered_dict().op(b"}").text("__class__").global(module, name).op(b"sb."),
        ];
        for pickle in asked {
            let want = PickleProblem::Global { name: format!("{module}.{name}") };
            assert_eq!(pickle_problem(name, &pickle.0), want);
        }
    }
}

#[test]
fn a_whole_module_is_refused_with_the_way_out() {
    let module = Pickle::begin().global("torchvision.models.resnet", "ResNet").op(b")\x81}b.");
    let message = refused("a module", &checkpoint(&module.0, &[])).to_string();
    assert!(message.contains("`torchvision.models.resnet.ResNet`"), "{message}");
    assert!(message.contains("torch.save(model.state_dict(), path)"), "{message}");
}

#[test]
fn names_of_the_short_list_can_be_called_only_as_torch_does() {
    let rebuild = || Pickle::begin().global("torch._utils", "_rebuild_tensor_v2");
    let malformed = [
        ("a call of a storage type", Pickle::begin().global("torch", "FloatStorage").op(b")R.")),
        ("a call of a dictionary", Pickle::begin().op(b"})R.")),
        ("a call of a text", Pickle::begin().text("eval").op(b")R.")),
        ("an OrderedDict of something", Pickle::begin().global("collections", "OrderedDict").op(b"]\x85R.")),
        ("arguments that are no tuple", Pickle::begin().global("collections", "OrderedDict").op(b"]R.")),
        ("a tensor of nothing", rebuild().op(b")R.")),
        ("a tensor of too little", rebuild().op(b"(").storage(HONEST).int(0).op(b"tR.")),
        ("a tensor of texts", rebuild().op(b"(").text("a").int(0).ints(&[]).ints(&[]).op(b"\x89}tR.")),
        ("a shape that is a list", rebuild().op(b"(").storage(HONEST).int(0).op(b"])\x89}tR.")),
        ("an offset that is a float", rebuild().op(b"(").storage(HONEST).op(b"G\0\0\0\0\0\0\0\0))\x89}tR.")),
        ("backward hooks", rebuild().op(b"(").storage(HONEST).int(0).op(b"))\x89}").text("a").op(b"NstR.")),
        (
            "a negated tensor",
            rebuild().op(b"(").storage(HONEST).int(0).op(b"))\x89}}").text("neg").op(b"\x88stR."),
        ),
        (
            "a parameter of a number",
            Pickle::begin().global("torch._utils", "_rebuild_parameter").op(b"(K\x01\x88}tR."),
        ),
        ("attributes of a tensor", Pickle::begin().tensor(HONEST).op(b"}b.")),
        ("attributes that are a tuple", Pickle::begin().ordered_dict().op(b"NN\x86b.")),
        ("a storage that is a text", Pickle::begin().text("0").op(b"Q.")),
        ("a storage of a tuple", Pickle::begin().ints(&[1, 2, 3, 4, 5]).op(b"Q.")),
        ("a storage of -1 elements", Pickle::begin().storage(Claim { elements: -1, ..HONEST }).op(b".")),
        ("a module", Pickle::begin().op(b"(").text("module").op(b"NNNNtQ.")),
    ];
    for (what, pickle) in malformed {
        let problem = pickle_problem(what, &pickle.0);
        assert!(matches!(problem, PickleProblem::Malformed { .. }), "{what}: {problem}");
    }
}

#[test]
fn instructions_out_of_order_are_refused() {
    let malformed: [(&str, &[u8]); 20] = [
        ("nothing", b"\x80\x02."),
        ("two values", b"\x80\x02}}."),
        ("an open mark", b"\x80\x02(}."),
        ("something behind the end", b"\x80\x02}.}"),
        ("protocol 6", b"\x80\x06}."),
        ("a tuple without mark", b"\x80\x02}t."),
        ("a tuple of too few", b"\x80\x02}\x86."),
        ("a tuple across a mark", b"\x80\x02}(\x85."),
        ("remembering nothing", b"\x80\x02q\0."),
        ("recalling what never was", b"\x80\x02h\0."),
        ("recalling far away", b"\x80\x02j\xff\xff\xff\xff."),
        ("appending to nothing", b"\x80\x02Na."),
        ("appending to a tuple", b"\x80\x02)Na."),
        ("items of a list", b"\x80\x02](NNu."),
        ("an odd number of items", b"\x80\x02}(NNNu."),
        ("items below the mark", b"\x80\x02}(NNs."),
        ("calling nothing", b"\x80\x02)R."),
        ("a name of numbers", b"\x80\x02NN\x93."),
        ("an integer of nine bytes", b"\x80\x02\x8a\x09123456789."),
        ("a text that is not UTF-8", b"\x80\x02X\x02\0\0\0\xff\xfe."),
    ];
    for (what, pickle) in malformed {
        let problem = pickle_problem(what, pickle);
        assert!(matches!(problem, PickleProblem::Malformed { .. }), "{what}: {problem}");
    }
    let truncated: [&[u8]; 8] = [
        b"",
        b"\x80",
        b"\x80\x02",
        b"\x80\x02X\x04\0\0\0abc",
        b"\x80\x02J\0",
        b"\x80\x02cos",
        b"\x80\x02cos\nsys",
        b"q",
    ];
    for pickle in truncated {
        let problem = pickle_problem("a cut pickle", pickle);
        assert!(matches!(problem, PickleProblem::Truncated { .. }), "{pickle:?}: {problem}");
    }
}

#[test]
fn every_instruction_outside_the_short_list_is_refused() {
    let known = b"\x80\x95(qr\x94hjt\x85\x86\x87aesuci\x93RQb.NJKM\x88\x89\x8aGX\x8c)]}";
    for opcode in (0..=u8::MAX).filter(|opcode| !known.contains(opcode)) {
        let pickle = Pickle::begin().op(b"(NN}").op(&[opcode]).op(b"\x01\n\x01\n\0\0\0\0\0\0.");
        let problem = pickle_problem("an instruction", &pickle.0);
        assert_eq!(problem, PickleProblem::Opcode { opcode, at: 6 });
    }
    let friend = Pickle::begin().op(b"(icollections\nOrderedDict\n.");
    assert_eq!(pickle_problem("INST", &friend.0), PickleProblem::Opcode { opcode: b'i', at: 3 });
}

#[test]
fn lies_about_shape_strides_offset_and_storage_are_refused() {
    let lies = [
        ("more elements than the storage", Claim { shape: &[255, 4], strides: &[4, 1], ..HONEST }),
        ("one row too many", Claim { shape: &[3, 3], ..HONEST }),
        ("an offset beyond the end", Claim { offset: 1, ..HONEST }),
        ("an offset far beyond the end", Claim { offset: i64::MAX, ..HONEST }),
        ("a stride beyond the end", Claim { strides: &[4, 1], ..HONEST }),
        ("an enormous stride", Claim { strides: &[i64::MAX, 1], ..HONEST }),
        ("strides whose sum overflows", Claim { strides: &[i64::MAX, i64::MAX], ..HONEST }),
        ("axes whose product overflows", Claim { shape: &[1 << 40, 1 << 40], strides: &[0, 0], ..HONEST }),
        (
            "axes that overflow but for a zero",
            Claim { shape: &[i64::MAX, 0, 3], strides: &[1, 1, 1], ..HONEST },
        ),
        ("an empty tensor behind the end", Claim { shape: &[0], strides: &[1], offset: 7, ..HONEST }),
    ];
    for (what, claim) in lies {
        match refused(what, &checkpoint(&Pickle::of(claim), &[("0", &six())])) {
            CheckpointError::Layout { problem: LayoutProblem::OutOfBounds { .. }, .. } => {}
            other => panic!("{what}: {other}"),
        }
    }
    for (what, claim) in [
        ("a negative axis", Claim { shape: &[-2, -3], ..HONEST }),
        ("a negative stride", Claim { strides: &[-3, 1], offset: 3, ..HONEST }),
        ("a negative offset", Claim { offset: -1, ..HONEST }),
        ("nine axes", Claim { shape: &[1; 9], strides: &[1; 9], ..HONEST }),
    ] {
        let problem = pickle_problem(what, &Pickle::of(claim));
        assert!(matches!(problem, PickleProblem::Layout { .. }), "{what}: {problem}");
    }
    let axes = Claim { strides: &[1], ..HONEST };
    let refusal = refused("too few strides", &checkpoint(&Pickle::of(axes), &[("0", &six())]));
    assert!(
        matches!(refusal, CheckpointError::Layout { problem: LayoutProblem::Axes { .. }, .. }),
        "{refusal}"
    );
}

#[test]
fn a_storage_must_be_exactly_as_long_as_claimed() {
    let half = Claim { kind: "HalfStorage", ..HONEST };
    let many = Claim { elements: i64::MAX, ..HONEST };
    let long = Claim { elements: 7, ..HONEST };
    let short = Claim { elements: 5, shape: &[5], strides: &[1], ..HONEST };
    for (what, claim, bytes) in [
        ("a storage cut to four bytes", HONEST, &six()[..4]),
        ("a storage cut by one byte", HONEST, &six()[..23]),
        ("an empty storage", HONEST, &[]),
        ("a claim of less", short, &six()[..]),
        ("a claim of more", long, &six()[..]),
        ("a claim of halves", half, &six()[..]),
        ("a claim that overflows", many, &six()[..]),
    ] {
        match refused(what, &checkpoint(&Pickle::of(claim), &[("0", bytes)])) {
            CheckpointError::Layout { problem: LayoutProblem::StorageLength { .. }, .. } => {}
            other => panic!("{what}: {other}"),
        }
    }
    for key in ["1", "", "../0", "../../etc/passwd", "/etc/passwd"] {
        let refusal = refused(key, &checkpoint(&Pickle::of(Claim { key, ..HONEST }), &[("0", &six())]));
        let problem = LayoutProblem::NoStorage;
        assert!(
            matches!(&refusal, CheckpointError::Layout { problem: own, .. } if *own == problem),
            "{refusal}"
        );
    }
}

#[test]
fn what_is_no_state_dict_is_named() {
    let one = |key: &str| Pickle::begin().op(b"}(").text(key);
    let not_a_dict = pickle_problem("a tensor alone", &Pickle::begin().tensor(HONEST).op(b".").0);
    assert_eq!(not_a_dict, PickleProblem::NotADict { kind: "a tensor" });
    let number = pickle_problem("an epoch", &one("weight").tensor(HONEST).text("epoch").int(3).op(b"u.").0);
    assert_eq!(number, PickleProblem::NotATensor { key: "epoch".to_owned(), kind: "an integer" });
    let twice = one("model").op(b"}").text("state_dict").op(b"}u.");
    assert_eq!(
        pickle_problem("two models", &twice.0),
        PickleProblem::Ambiguous { first: "model", second: "state_dict" }
    );
    let deeper = one("model").op(b"}(").text("model").op(b"}(").text("w").tensor(HONEST).op(b"uuu.");
    assert_eq!(
        pickle_problem("two levels", &deeper.0),
        PickleProblem::NotATensor { key: "model".to_owned(), kind: "a dictionary" }
    );
    let key = Pickle::begin().op(b"}(K\x01").tensor(HONEST).op(b"u.");
    assert_eq!(pickle_problem("a key", &key.0), PickleProblem::NotAName { kind: "an integer" });
}

#[test]
fn empty_and_repeated_names_are_refused() {
    let unfit = |pickle: Pickle| match decoded(&checkpoint(&pickle.0, &[("0", &six())])) {
        Err(CheckpointError::Unfit { problem, .. }) => problem,
        other => panic!("{other:?}"),
    };
    assert_eq!(unfit(Pickle::begin().op(b"}.")), NotAStateDict::Empty);
    let twice = Pickle::begin().op(b"}(").text("w").tensor(HONEST).text("w").tensor(HONEST).op(b"u.");
    assert_eq!(unfit(twice), NotAStateDict::Repeated { name: "w".to_owned() });
    let reserved = Pickle::begin().op(b"}(").text("__metadata__").tensor(HONEST).op(b"u.");
    assert_eq!(unfit(reserved), NotAStateDict::Reserved);
}
