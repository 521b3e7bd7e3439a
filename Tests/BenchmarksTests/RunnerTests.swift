import Benchmarks
import Diffusion
import Editing
import ImageMetrics
import Imaging
import TestSupport
import Testing
import ToyModels

/// Rows of one image, on the closed-form denoiser.
@Suite struct RunnerTests {
    static func engine() -> Engine {
        Engine {
            GaussianModel(side: 16, means: ["dog": GaussianModel.mean(side: 16, first: 96, value: 0.8)])
        }
    }

    /// A grey image whose first six rows should become brighter.
    static func compared(mask: Mask? = nil, knowsTruth: Bool = true) -> ComparedEdit {
        let before = Image(width: 16, height: 16, red: 128, green: 128, blue: 128)
        var after = before
        for index in 0..<(96 * 3) { after.pixels[index] = 230 }
        let request = EditRequest(image: before, prompt: "dog", source: "cat", mask: mask) {
            $0.seed = 4
            $0.steps = 10
        }
        return knowsTruth
            ? ComparedEdit(id: "grey", request: request, truth: after)
            : ComparedEdit(id: "grey", request: request)
    }

    @Test("Doing nothing gains nothing, preserves everything and costs nothing")
    func nothing() async throws {
        let row = try await Runner(engine: Self.engine()).outcome(of: .nothing, on: Self.compared()).row
        #expect(row.status == .done && row.forwards == 0 && row.scores.gain == 0)
        #expect(row.scores.preservation == 100 && row.scores.preservesAll == true)
        #expect(row.scores.change == 0 && row.scores.changeInside == 0 && row.scores.areaFrom == .truth)
    }

    @Test("The true picture is a gain of 1, and of several right answers the nearest counts")
    func perfect() throws {
        var compared = Self.compared()
        let truth = compared.truths[0].image
        #expect(compared.scores(of: truth).gain == 1)
        #expect(compared.scores(of: truth).localisation ?? 0 > 0.9)
        let other = Image(width: 16, height: 16, red: 255)
        let everywhere = ImageArea(width: 16, height: 16, values: Array(repeating: true, count: 256))
        compared.truths.append(.init(image: other, changed: everywhere))
        #expect(compared.scores(of: other).gain == 1 && compared.scores(of: other).preservation == nil)
        #expect(compared.scores(of: truth).gain == 1 && compared.scores(of: truth).area ?? 1 < 1)
    }

    @Test("An edit without a change has no gain but is scored for what it keeps")
    func noChange() throws {
        let before = Image(width: 16, height: 16, red: 9)
        let compared = ComparedEdit(
            id: "same", request: EditRequest(image: before, prompt: "dog"), truth: before)
        let scores = compared.scores(of: Image(width: 16, height: 16, red: 10))
        #expect(scores.gain == nil && scores.area == 0 && scores.changeInside == nil)
        #expect(scores.preservation ?? 0 > 40 && scores.preservesAll == false)
    }

    @Test("A method is asked with the seed of all, and its row has its own account's cost")
    func method() async throws {
        let compared = Self.compared()
        let outcome = try await Runner(engine: Self.engine()).outcome(of: .method("sdedit"), on: compared)
        var request = compared.request
        request.method = "sdedit"
        let alone = try await Self.engine().edited(request)
        #expect(outcome.image == alone.image)
        #expect(outcome.row.forwards == alone.account.cost.forwards && outcome.row.seed == 4)
        #expect(outcome.row.scores == compared.scores(of: alone.image))
        #expect(outcome.row.scores.gain ?? -9 > 0.3)
    }

    @Test("The area comes from the truth, else from the mask given, else from the method's own")
    func areas() async throws {
        let runner = Runner(engine: Self.engine())
        let mask = Mask(width: 16, height: 16, values: (0..<256).map { $0 < 32 ? 1 : 0 })
        let given = try await runner.outcome(
            of: .method("sdedit"), on: Self.compared(mask: mask, knowsTruth: false))
        #expect(given.row.scores.areaFrom == .given && given.row.scores.area == 0.125)
        #expect(given.row.scores.preservesAll == true)
        let own = try await runner.outcome(of: .method("diffedit"), on: Self.compared(knowsTruth: false))
        #expect(own.row.scores.areaFrom == .own && own.row.scores.maskOverlap == nil)
        let none = try await runner.outcome(of: .method("sdedit"), on: Self.compared(knowsTruth: false))
        #expect(none.row.scores.areaFrom == nil && none.row.scores.preservation == nil)
        #expect(none.row.scores.change ?? 0 > 0)
        let both = try await runner.outcome(of: .method("diffedit"), on: Self.compared())
        #expect(both.row.scores.areaFrom == .truth && both.row.scores.maskOverlap != nil)
    }

    @Test("Whatever goes wrong is a row that says why")
    func failures() async throws {
        let engine = Engine(folder: try ModelFolder(path: Fixtures.model("tiny-inpaint")))
        let runner = Runner(engine: engine)
        let nine = try await runner.outcome(of: .method("sdedit"), on: Self.compared())
        #expect(nine.row.status == .failed && nine.image == nil)
        #expect(nine.row.reason?.contains("9 channels") == true)
        #expect(nine.row.scores == Scores())
        let unknown = try await runner.outcome(of: .method("nobody"), on: Self.compared())
        #expect(unknown.row.reason?.contains("nobody") == true)
        let trip = try await runner.outcome(of: .autoencoder, on: Self.compared())
        #expect(trip.row.status == .done && trip.row.forwards == 0 && trip.row.scores.gain != nil)
    }

    @Test("A caller's way of editing is used for every method, as one with a cache is")
    func ownEdit() async throws {
        struct Refused: Error {}
        let runner = Runner(engine: Self.engine()) { _, _ in throw Refused() }
        #expect(try await runner.outcome(of: .method("sdedit"), on: Self.compared()).row.status == .failed)
        #expect(try await runner.outcome(of: .nothing, on: Self.compared()).row.status == .done)
    }

    @Test("The sheet has a place for everybody, those that failed included")
    func sheet() async throws {
        let runner = Runner(engine: Self.engine())
        let compared = Self.compared()
        var outcomes: [Outcome] = []
        for candidate in [Candidate.nothing, .autoencoder, .method("nobody")] {
            outcomes.append(try await runner.outcome(of: candidate, on: compared))
        }
        let without = Sheet.image(of: compared, Array(outcomes.prefix(2)), columns: 4, side: 64)
        let with = Sheet.image(of: compared, outcomes, columns: 4, side: 64)
        #expect(with.width > without.width)
        #expect(Sheet.panel(of: compared, outcomes[2]) == nil)
        let table = TextTable(outcomes.map(\.row))
        #expect(table.rows.map { $0[0] } == ["nothing", "autoencoder", "nobody"])
        #expect(table.rows[2].dropFirst().allSatisfy { $0 == "-" })
        #expect(table.rows[0].contains("equal"))
    }
}
