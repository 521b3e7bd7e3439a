import StillLife
import Testing

@testable import Judging

@Suite struct VerdictTests {
}
