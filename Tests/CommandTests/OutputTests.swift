import Foundation
import Imaging
import Support
import Tensors
import TestSupport
import Testing

/// Where results go: pipes, links, devices, names, and what is refused before anything is computed.
@Suite struct OutputTests {
    /// The shortest edit there is; its place is still to be named.
    static let edit =
        "\"$BIN\" edit \"$PHOTO\" --model \"$MODEL\" --prompt x --method sdedit --steps 2 --seed 1"

    private func isImage(_ path: String) throws -> Bool {
        let photo = try Image(contentsOf: image("plain.png"))
        let read = try Image(contentsOf: path)
        return read.width == photo.width && read.height == photo.height
    }

    @Test("Standard output takes the picture and nothing else, by name, by link and through a pipe")
    func standardOutput() throws {
        let folder = try Folder()
        let outcome = try Program.shell(
            """
            ln -s /proc/self/fd/1 out
            \(Self.edit) -o - > dash.png &&
            \(Self.edit) -o out > link.png &&
            \(Self.edit) -o out | cat > piped.png &&
            \(Self.edit) -o appended.png > appended.png &&
            cat "$PHOTO" | "$BIN" edit - --model "$MODEL" --prompt x --method sdedit --steps 2 --seed 1 -o - > both.png
            """, in: folder)
        #expect(outcome.status == 0 && outcome.output.isEmpty, "\(outcome.errors)")
        #expect(outcome.errors.contains("standard output (seed 1, "))
        let names = ["appended.png", "both.png", "dash.png", "link.png", "piped.png"]
        #expect(folder.names == names + ["out"] || folder.names.sorted() == (names + ["out"]).sorted())
        for name in names { #expect(try isImage(folder[name]), "\(name)") }
        let goal = try FileManager.default.destinationOfSymbolicLink(atPath: folder["out"])
        #expect(goal == "/proc/self/fd/1")
    }

    @Test("Every command that writes sends its result through a pipe")
    func everyCommand() throws {
        let folder = try Folder()
        let common = "--model \"$MODEL\" --steps 2"
        let outcome = try Program.shell(
            """
            "$BIN" generate \(common) --prompt x --seed 1 -o - > generated.png &&
            "$BIN" invert "$PHOTO" \(common) -o - > inverted.png &&
            "$BIN" invert "$PHOTO" \(common) -o - --trace t.safetensors -q | cat > quiet.png &&
            echo "a pear" | "$BIN" samples - \(common) --seed 1 -o - > samples.png &&
            "$BIN" sheet "$PHOTO" - -o - < "$PHOTO" > sheet.png &&
            "$BIN" compare - \(common) --prompt x --methods sdedit --seed 1 -o - < "$PHOTO" > compared.png &&
            "$BIN" probe noise --seed 1 --shape 1,2 -o - > noise.safetensors &&
            "$BIN" inspect - --json < generated.png > inspected.json
            """, in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        for name in ["generated", "inverted", "quiet", "samples", "sheet", "compared"] {
            #expect(try Image(contentsOf: folder["\(name).png"]).width > 0, "\(name)")
        }
        #expect(try SafetensorsFile(path: folder["noise.safetensors"]).tensor("noise").shape == [1, 2])
        let inspected = try String(contentsOfFile: folder["inspected.json"], encoding: .utf8)
        #expect(inspected.contains("\"pentimento\"") && inspected.contains("\"output\" : \"-\""))
    }

    @Test("Links stay, permissions stay, long names are written, devices are not replaced")
    func placesThatStay() throws {
        let folder = try Folder()
        let name = String(repeating: "猫", count: 80) + ".png"
        let outcome = try Program.shell(
            """
            mkdir far && ln -s far/new.png link.png && cp "$PHOTO" private.png && chmod 600 private.png
            umask 022
            \(Self.edit) -q -o link.png && \(Self.edit) -q -o private.png && \(Self.edit) -q -o '\(name)' &&
            \(Self.edit) -q -o /dev/null --panel /dev/null && test -c /dev/null && stat -c %a private.png link.png far/new.png
            """, in: folder)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output == "600\n777\n644\n")
        #expect(folder.names == ["far", "link.png", "private.png", name].sorted())
        for path in ["far/new.png", "private.png", name] { #expect(try isImage(folder[path]), "\(path)") }
    }

    @Test(
        "Two results of one name are refused before anything is computed",
        arguments: [
            ("-o a.png --panel a.png", "-o and --panel both go to a.png"),
            ("-o a.png --mask-out ./a.png", "-o and --mask-out both go to ./a.png"),
            (
                "-o a.png --panel b.png --mask-out sub/../b.png",
                "--panel and --mask-out both go to sub/../b.png"
            ),
            ("-o a.png --trace link", "-o and --trace both go to link"),
            ("-o - --panel -", "-o and --panel both go to standard output"),
            ("-o - --json", "-o and --json both go to standard output"),
        ])
    func oneName(options: String, said: String) throws {
        let folder = try Folder()
        let outcome = try Program.shell(
            "mkdir sub; ln -s a.png link; \(Self.edit) \(options) --model no-such-model", in: folder)
        #expect(outcome.status == 64 && outcome.output.isEmpty)
        #expect(outcome.errors == "pentimento: \(said); one would be lost\n")
        #expect(folder.names == ["link", "sub"])
    }

    @Test("One fault has one status in every command, and is told before the model is looked for")
    func statuses() throws {
        let folder = try Folder()
        let long = String(repeating: "x", count: 256) + ".png"
        let tooLong = "cannot be written: the name is longer than the file system takes"
        let commands = [
            "edit \"$PHOTO\" --prompt x", "generate --prompt x", "invert \"$PHOTO\"", "sheet \"$PHOTO\"",
            "samples list --seed 1", "compare \"$PHOTO\" --prompt x",
        ]
        for command in commands {
            // `sheet` looks for no model.
            let model = command.hasPrefix("sheet") ? "" : "--model no-such-model"
            for (output, status, said) in [
                (long, 65, "\(long) \(tooLong)"),
                ("none/a.png", 66, "there is no folder none; make it first"),
                ("/proc/a.png", 65, "/proc/a.png cannot be written: nothing can be made in /proc"),
                ("a.bmp", 64, "a.bmp: the ending names no kind of picture"),
            ] as [(String, Int32, String)] {
                let outcome = try Program.shell("\"$BIN\" \(command) \(model) -o \(output)", in: folder)
                #expect(outcome.status == status, "\(command) \(output): \(outcome.errors)")
                #expect(outcome.errors.contains(said) && outcome.errorLines.count == 1, "\(outcome.errors)")
            }
        }
        #expect(folder.names.isEmpty)
    }

    @Test("A picture that its kind of file cannot hold is refused before it is computed")
    func unfit() throws {
        let folder = try Folder()
        try Image(width: 16_400, height: 4).write(to: folder["wide.png"])
        let wide = try Program.shell(
            "\"$BIN\" edit wide.png --model no-such-model --prompt x -o a.webp", in: folder)
        #expect(wide.status == 65)
        #expect(
            wide.errors
                == "pentimento: a.webp: cannot be encoded: 16400x4 pixels, its kind of file takes 16383 a side; write a PNG\n"
        )
        #expect(folder.names == ["wide.png"])
    }

    @Test(
        "A folder without permission is bad input, whoever is refused",
        .enabled(if: canBeAnotherUser))
    func noPermission() throws {
        let folder = try Folder()
        chmod(folder.path, 0o755)
        let other = "setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent"
        let outcome = try Program.shell(
            """
            \(other) \(Self.edit) -o a.png; echo $?; \(other) "$BIN" probe noise --seed 1 --shape 1 -o a; echo $?
            mkdir open; chmod 777 open; echo > open/a.png; chmod 644 open/a.png; \(other) \(Self.edit) -o open/a.png; echo $?
            """, in: folder)
        #expect(outcome.output == "65\n65\n65\n")
        #expect(
            outcome.errors == """
                pentimento: a.png cannot be written: no permission to write in .
                pentimento: a cannot be written: no permission to write in .
                pentimento: open/a.png cannot be written: no permission to write in open/a.png

                """)
    }

    @Test(
        "What standard output does not take ends with a line and a status that is not 0",
        .enabled(if: access("/dev/full", W_OK) == 0))
    func lostOutput() throws {
        let folder = try Folder()
        let outcome = try Program.shell(
            """
            for where in /dev/full closed; do
              if [ $where = closed ]; then exec 3>&-; else exec 3>$where; fi
              "$BIN" methods --json >&3; echo $? >&2
              "$BIN" --help >&3; echo $? >&2
              \(Self.edit) -q --json -o a.png >&3; echo $? >&2
              \(Self.edit) -q -o - >&3; echo $? >&2
            done
            """, in: folder)
        let full =
            "pentimento: standard output cannot be written: no space left on the disk; make room or name another place"
        let lines = outcome.errorLines.map(String.init)
        #expect(lines.filter { $0 == "70" }.count >= 4, "\(outcome.errors)")
        #expect(lines.filter { $0 == full }.count == 3, "\(outcome.errors)")
        #expect(!lines.contains("0"))
        let pipe = try Program.shell(
            "{ sleep 0.2; \(Self.edit) -q -o -; echo $? >&2; } | true", in: folder)
        #expect(
            pipe.errors
                == "pentimento: standard output: cannot be written: it was closed before everything was written\n70\n"
        )
        let closed = try Program.shell("\"$BIN\" methods >&-; echo $? >&2", in: folder)
        #expect(
            closed.errors
                == "pentimento: standard output cannot be written: it was closed before everything was written\n70\n"
        )
    }

    @Test("Runs side by side with names of their own making never overwrite each other")
    func sideBySide() throws {
        let folder = try Folder()
        let arguments = ["edit", image("plain.png"), "--model", Fixtures.model("tiny-sd1")]
        let settings = ["--prompt", "x", "--method", "sdedit", "--steps", "2", "--seed", "1", "-q"]
        let running = try (0..<4).map { _ in try Program.start(arguments + settings, in: folder) }
        for outcome in try running.map({ try $0.outcome() }) {
            #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome.errors)")
        }
        #expect(
            folder.names == [
                "plain-sdedit-1-2.png", "plain-sdedit-1-3.png", "plain-sdedit-1-4.png", "plain-sdedit-1.png",
            ])
        for name in folder.names {
            let account = try Program.run(["inspect", folder[name], "--json"]).json()
            #expect((account["pentimento"] as? [String: Any])?["output"] as? String == name)
        }
    }

    @Test("A cache in a bad place is told of in plain words, and the edit goes on")
    func badCache() throws {
        let folder = try Folder()
        let outcome = try Program.shell(
            """
            XDG_CACHE_HOME=/dev/null "$BIN" edit "$PHOTO" --model "$MODEL" --prompt x --method ddim --steps 2 -q --no-cache -o a.png &&
            XDG_CACHE_HOME=/dev/null "$BIN" edit "$PHOTO" --model "$MODEL" --prompt x --method ddim --steps 2 -o b.png
            """, in: folder)
        #expect(outcome.status == 0 && folder.names == ["a.png", "b.png"])
        #expect(
            outcome.errors
                == "pentimento: warning: the inversion was not kept: /dev/null/pentimento/inversions cannot be written: "
                + "/dev/null is no folder\n")
    }

    @Test(
        "Another user than the builder hears which folder is closed",
        .enabled(if: canBeAnotherUser))
    func closedCache() throws {
        let folder = try Folder()
        chmod(folder.path, 0o755)
        let outcome = try Program.shell(
            """
            mkdir closed open; printf 'x\\0%s\\0y' "$PWD/closed/lib:/lib" > open/libpentimento_torch.so; chmod 700 closed
            other="setpriv --reuid=65534 --regid=65534 --clear-groups env HOME=/nonexistent"
            for place in open/libpentimento_torch.so closed/lib.so; do
              $other PENTIMENTO_TORCH=$PWD/$place "$BIN" probe noise --seed 1 --shape 1 -o /dev/null; echo $? >&2
            done
            """, in: folder)
        let reasons = [
            "libtorch, which open/libpentimento_torch.so needs, lies behind closed",
            "closed/lib.so lies behind closed",
        ]
        let expected = reasons.map {
            "pentimento: libtorch cannot be opened (\($0), a folder that is closed to this user); ask the one who built "
                + "it to open that folder (chmod o+x), or build a copy of your own with `make build`\n69\n"
        }
        #expect(
            outcome.errors.replacing(/\/[^ ]*\/pentimento-[0-9A-F-]+\//, with: "") == expected.joined())
    }

    /// Whether the program can be run as somebody else: by root, and where everybody may reach the package.
    static let canBeAnotherUser =
        getuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/setpriv")
        && sequence(first: Fixtures.package) { $0 == "/" ? nil : ($0 as NSString).deletingLastPathComponent }
            .allSatisfy { folder in
                var status = stat()
                return stat(folder, &status) == 0 && status.st_mode & 0o001 != 0
            }
}
