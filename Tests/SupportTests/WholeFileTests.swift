import Foundation
import Testing

@testable import Support

/// A folder that goes when nobody needs it any more.
final class Scratch {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "/pentimento-storage-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    subscript(_ name: String) -> String { path + "/" + name }

    /// Everything in it, hidden files included.
    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }

    func text(_ name: String) -> String? {
        FileManager.default.contents(atPath: self[name]).map { String(decoding: $0, as: UTF8.self) }
    }

    func put(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: self[name]))
    }

    func link(_ name: String, to goal: String) throws {
        try FileManager.default.createSymbolicLink(atPath: self[name], withDestinationPath: goal)
    }
}

/// The permissions of a file.
func mode(_ path: String) -> mode_t {
    var facts = stat()
    return stat(path, &facts) == 0 ? facts.st_mode & 0o7777 : 0
}

@Suite struct WholeFileTests {
    @Test("A file appears whole, and a failure in the middle leaves the old one and nothing beside it")
    func wholeOrNothing() throws {
        let scratch = try Scratch()
        try WholeFile.write("old", to: scratch["a"])
        #expect(throws: WriteFailure(scratch["a"], .noRoom)) {
            try WholeFile.write(to: scratch["a"]) { descriptor in
                try Array("half".utf8).withUnsafeBytes { try WholeFile.writeAll($0, to: descriptor) }
                throw SystemFailure(number: ENOSPC)
            }
        }
        #expect(scratch.text("a") == "old" && scratch.names == ["a"])
        try WholeFile.write("new", to: scratch["a"])
        #expect(scratch.text("a") == "new" && scratch.names == ["a"])
    }

    @Test("Links stay, one after another too, and the file that they lead to is replaced or made")
    func links() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: scratch["far"], withIntermediateDirectories: false)
        try scratch.put("old", "far/file")
        try scratch.link("second", to: "far/file")
        try scratch.link("first", to: scratch["second"])
        try scratch.link("dangling", to: "far/new")
        try WholeFile.write("one", to: scratch["first"])
        try WholeFile.write("two", to: scratch["dangling"])
        #expect(scratch.text("far/file") == "one" && scratch.text("far/new") == "two")
        #expect(scratch.names == ["dangling", "far", "first", "second"])
        let goals = try ["dangling", "first", "second"].map {
            try FileManager.default.destinationOfSymbolicLink(atPath: scratch[$0])
        }
        #expect(goals == ["far/new", scratch["second"], "far/file"])
        try scratch.link("round", to: "round")
        #expect(throws: WriteFailure(scratch["round"], .refused("Too many levels of symbolic links"))) {
            try WholeFile.write("x", to: scratch["round"])
        }
    }

    @Test("Permissions of a file that is there are kept, and its new bytes are never readable to others")
    func permissions() throws {
        let scratch = try Scratch()
        for wanted in [0o600, 0o640, 0o666, 0o755] as [mode_t] {
            try scratch.put("old", "a")
            chmod(scratch["a"], wanted)
            var during: mode_t = 0
            try WholeFile.write(to: scratch["a"]) { descriptor in
                var facts = stat()
                fstat(descriptor, &facts)
                during = facts.st_mode & 0o7777
            }
            #expect(mode(scratch["a"]) == wanted && during & ~wanted == 0)
        }
        try WholeFile.write([1, 2], to: scratch["private"], mode: 0o600)
        #expect(mode(scratch["private"]) == 0o600)
    }

    @Test("Every name that the file system takes can be written, and a longer one is refused before")
    func longNames() throws {
        let scratch = try Scratch()
        let name = String(repeating: "猫", count: 85)
        #expect(name.utf8.count == 255)
        try Destination.check(scratch[name])
        try WholeFile.write("x", to: scratch[name])
        #expect(scratch.names == [name])
        let long = scratch[name + "x"]
        #expect(throws: WriteFailure(long, .nameTooLong)) { try Destination.check(long) }
        #expect(
            "\(WriteFailure("x", .nameTooLong))"
                == "x cannot be written: the name is longer than the file system takes (most take 255 bytes); "
                + "choose a shorter one")
    }

    @Test("A new file that may not replace another says that the name is taken")
    func taken() throws {
        let scratch = try Scratch()
        try WholeFile.write([1], to: scratch["a"], replacing: false)
        #expect(throws: WriteFailure(scratch["a"], .taken)) {
            try WholeFile.write([2], to: scratch["a"], replacing: false)
        }
        // Taken while it is being written, too.
        #expect(throws: WriteFailure(scratch["b"], .taken)) {
            try WholeFile.write(to: scratch["b"], replacing: false) { _ in try scratch.put("other", "b") }
        }
        #expect(scratch.text("b") == "other" && scratch.names == ["a", "b"])
    }

    @Test("Devices and pipes are written to and stay what they are")
    func specials() throws {
        let scratch = try Scratch()
        #expect(mkfifo(scratch["pipe"], 0o600) == 0)
        let reader = open(scratch["pipe"], O_RDONLY | O_NONBLOCK)
        defer { close(reader) }
        try Destination.check(scratch["pipe"])
        try WholeFile.write("through", to: scratch["pipe"])
        var bytes = [UInt8](repeating: 0, count: 16)
        let count = read(reader, &bytes, 16)
        #expect(String(decoding: bytes.prefix(max(count, 0)), as: UTF8.self) == "through")
        try WholeFile.write("x", to: "/dev/null")
        #expect(try Destination("/dev/null") == .special("/dev/null"))
        if access("/dev/full", W_OK) == 0 {
            #expect(throws: WriteFailure("/dev/full", .noRoom)) { try WholeFile.write("x", to: "/dev/full") }
        }
    }

    @Test("What cannot be written is told by a check before, and nothing stays of it")
    func checks() throws {
        let scratch = try Scratch()
        try scratch.put("", "file")
        #expect(throws: WriteFailure(scratch.path, .isFolder)) { try Destination.check(scratch.path) }
        #expect(throws: WriteFailure(scratch["new/"], .isFolder)) { try Destination.check(scratch["new/"]) }
        #expect(throws: WriteFailure(scratch["file/"], .isFolder)) { try Destination.check(scratch["file/"]) }
        #expect(throws: WriteFailure("", .isFolder)) { try Destination.check("") }
        for (name, folder) in [("none/a", "none"), ("file/a", "file")] {
            #expect(throws: WriteFailure(scratch[name], .noFolder(scratch[folder]))) {
                try Destination.check(scratch[name])
            }
        }
        #expect(throws: WriteFailure("/proc/a", .refused("nothing can be made in /proc"))) {
            try Destination.check("/proc/a")
        }
        try Destination.check(scratch["a"])
        #expect(scratch.names == ["file"])
        #expect(try #require(Destination.freeBytes(at: scratch["a"])).bytes > 0)
    }

    @Test("Two names are one place through dots and links, and devices are never one")
    func identity() throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: scratch["sub"], withIntermediateDirectories: false)
        try scratch.link("folder", to: "sub")
        try scratch.link("link", to: "sub/a")
        for name in ["sub/a", "sub/../sub/./a", "folder/a", "link"] {
            #expect(try Destination.areOne(scratch["sub/a"], scratch[name]), "\(name)")
        }
        #expect(try !Destination.areOne(scratch["sub/a"], scratch["sub/b"]))
        #expect(try !Destination.areOne("/dev/null", "/dev/null"))
        #expect(try Destination.areOne("-", "-") && !Destination.areOne("-", scratch["sub/a"]))
        // Capitals count where the file system tells them apart.
        try scratch.put("", "sub/x")
        let ignores = access(scratch["sub/X"], F_OK) == 0
        #expect(try Destination.areOne(scratch["sub/a"], scratch["sub/A"]) == ignores)
    }

    @Test("Folders appear whole, through links, and what they held is kept where that is asked for")
    func folders() throws {
        let scratch = try Scratch()
        #expect(throws: CancellationError.self) {
            try WholeFolder.write(to: scratch["set"]) { draft in
                try WholeFile.write("x", to: draft + "/x")
                throw CancellationError()
            }
        }
        #expect(scratch.names.isEmpty)
        try FileManager.default.createDirectory(atPath: scratch["goal"], withIntermediateDirectories: false)
        chmod(scratch["goal"], 0o700)
        try scratch.link("set", to: "goal")
        try WholeFolder.write(to: scratch["set/"]) { try WholeFile.write("one", to: $0 + "/a") }
        #expect(scratch.names == ["goal", "set"] && scratch.text("goal/a") == "one")
        #expect(mode(scratch["goal"]) == 0o700)
        #expect(throws: WriteFailure(scratch["set"], .refused("Directory not empty"))) {
            try WholeFolder.write(to: scratch["set"]) { try WholeFile.write("two", to: $0 + "/b") }
        }
        try WholeFolder.write(to: scratch["set"], merging: true) { try WholeFile.write("2", to: $0 + "/b") }
        #expect(scratch.text("goal/a") == "one" && scratch.text("goal/b") == "2")
        #expect(scratch.names == ["goal", "set"])
        #expect(throws: WriteFailure(scratch["goal/a"], .refused("it is no folder"))) {
            try WholeFolder.check(scratch["goal/a"])
        }
        try WholeFolder.make(scratch["deep/er/still"], mode: 0o700)
        #expect(mode(scratch["deep/er"]) == 0o700)
        let below = scratch["goal/a/below"]
        #expect(throws: WriteFailure(below, .refused("\(scratch["goal/a"]) is no folder"))) {
            try WholeFolder.make(below)
        }
    }

    @Test("What processes that are gone left half-written is removed, what living ones write is not")
    func leftovers() throws {
        let scratch = try Scratch()
        let living = ".partial-\(getpid())-abc"
        try scratch.put("", living)
        // No process has a number so high.
        try scratch.put("", ".partial-\(Int32.max)-abc")
        try WholeFolder.make(scratch[".partial-\(Int32.max)-def/sub"])
        try scratch.put("", "picture.png")
        Temporaries.removeLeftovers(in: scratch.path, olderThan: 60)
        #expect(scratch.names.count == 4)
        Temporaries.removeLeftovers(in: scratch.path)
        #expect(scratch.names == [living, "picture.png"])
    }

    @Test("The folder that a path lies in is found by bytes")
    func enclosing() {
        let all = ["a": ".", "/a": "/", "a/b/": "a", "a//": ".", "/": "/", "a/\u{301}b": "a", "x/y/z": "x/y"]
        for (path, folder) in all { #expect(enclosingFolder(of: path) == folder, "\(path)") }
        #expect(lastName(of: "a/b.png") == "b.png" && lastName(of: "b/") == "b")
    }
}
